// Written by a test of phone-control; do not edit.
import type { AcceptCertificateParams } from "./AcceptCertificateParams";
import type { AccountParams } from "./AccountParams";
import type { AccountReply } from "./AccountReply";
import type { AddAccountParams } from "./AddAccountParams";
import type { CallParams } from "./CallParams";
import type { CallReply } from "./CallReply";
import type { DiagnosisReply } from "./DiagnosisReply";
import type { DialEmergencyParams } from "./DialEmergencyParams";
import type { DialParams } from "./DialParams";
import type { DoctorReply } from "./DoctorReply";
import type { DtmfParams } from "./DtmfParams";
import type { EmergencyReply } from "./EmergencyReply";
import type { Event } from "./Event";
import type { HandleLinkParams } from "./HandleLinkParams";
import type { Hello } from "./Hello";
import type { HistoryParams } from "./HistoryParams";
import type { HistoryReply } from "./HistoryReply";
import type { HotkeysReply } from "./HotkeysReply";
import type { Nothing } from "./Nothing";
import type { NumbersParams } from "./NumbersParams";
import type { NumbersReply } from "./NumbersReply";
import type { OpenWindowParams } from "./OpenWindowParams";
import type { PeopleParams } from "./PeopleParams";
import type { PeopleReply } from "./PeopleReply";
import type { PrepareEmergencyParams } from "./PrepareEmergencyParams";
import type { PresencePart } from "./PresencePart";
import type { RetryNowParams } from "./RetryNowParams";
import type { SetPasswordParams } from "./SetPasswordParams";
import type { SetPresenceParams } from "./SetPresenceParams";
import type { SetSettingsParams } from "./SetSettingsParams";
import type { SettingsReply } from "./SettingsReply";
import type { SubscribeParams } from "./SubscribeParams";
import type { TakeTextReply } from "./TakeTextReply";
import type { TestHotkeyParams } from "./TestHotkeyParams";
import type { TestHotkeyReply } from "./TestHotkeyReply";
import type { TestLinkReply } from "./TestLinkReply";
import type { TransferParams } from "./TransferParams";
import type { View } from "./View";
import type { Welcome } from "./Welcome";

/** Version of the control protocol. */
export const PROTOCOL = "1.0";

/** Methods with their parameters and answers. */
export type Methods = {
  hello: { params: Hello; result: Welcome };
  get_view: { params: Nothing; result: View };
  subscribe: { params: SubscribeParams; result: Nothing };
  people: { params: PeopleParams; result: PeopleReply };
  history: { params: HistoryParams; result: HistoryReply };
  missed_seen: { params: Nothing; result: Nothing };
  dial: { params: DialParams; result: CallReply };
  numbers: { params: NumbersParams; result: NumbersReply };
  prepare_emergency: { params: PrepareEmergencyParams; result: EmergencyReply };
  dial_emergency: { params: DialEmergencyParams; result: CallReply };
  take_text: { params: Nothing; result: TakeTextReply };
  answer: { params: CallParams; result: CallReply };
  hang_up: { params: CallParams; result: CallReply };
  hold: { params: CallParams; result: CallReply };
  resume: { params: CallParams; result: CallReply };
  dtmf: { params: DtmfParams; result: CallReply };
  transfer: { params: TransferParams; result: CallReply };
  set_presence: { params: SetPresenceParams; result: Nothing };
  add_account: { params: AddAccountParams; result: AccountReply };
  set_password: { params: SetPasswordParams; result: AccountReply };
  remove_account: { params: AccountParams; result: Nothing };
  test_account: { params: AccountParams; result: AccountReply };
  sign_out: { params: AccountParams; result: Nothing };
  sign_in: { params: AccountParams; result: Nothing };
  accept_certificate: { params: AcceptCertificateParams; result: AccountReply };
  retry_now: { params: RetryNowParams; result: Nothing };
  unlock_keyring: { params: Nothing; result: Nothing };
  diagnosis: { params: AccountParams; result: DiagnosisReply };
  doctor: { params: Nothing; result: DoctorReply };
  open_window: { params: OpenWindowParams; result: Nothing };
  handle_link: { params: HandleLinkParams; result: Nothing };
  test_link: { params: Nothing; result: TestLinkReply };
  dial_selection: { params: Nothing; result: Nothing };
  get_settings: { params: Nothing; result: SettingsReply };
  set_settings: { params: SetSettingsParams; result: SettingsReply };
  hotkeys: { params: Nothing; result: HotkeysReply };
  test_hotkey: { params: TestHotkeyParams; result: TestHotkeyReply };
  retry_hotkeys: { params: Nothing; result: HotkeysReply };
  restart: { params: Nothing; result: Nothing };
  quit: { params: Nothing; result: Nothing };
};

/** Notifications with their parameters. */
export type Notifications = {
  view: View;
  presence: PresencePart;
  "call-event": Event;
  show: OpenWindowParams;
};
