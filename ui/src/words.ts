// Every English text of the page. `words.de.ts` has the same keys; what the agent says comes with its own words.
import type { AccountView, CallView, HotkeyName, HotkeyView, Outcome, Presence } from "./types";

export const en = {
  // Parts of the page
  people: "People",
  history: "History",
  settings: "Settings",
  pages: "Pages",
  close: "Close",
  back: "Back",
  cancel: "Cancel",
  undo: "Undo",
  details: "Details",
  why: "Why?",
  notNow: "Not now",

  // The agent
  looking: "Looking for Trayphone…",
  notRunning: "Trayphone is not running.",
  notRunningWhy: "Nothing shown here is up to date, and nothing can be done to calls.",
  startIt: "Start it",
  starting: "Starting…",
  restartNeeded: "A newer Trayphone is installed.",
  restart: "Restart it",
  restartInCall: "It can restart once no call is up.",

  // Own state
  ownState: "Your state",
  changeState: "Change your state",
  presence: {
    available: "Available",
    ringing: "Ringing",
    in_call: "In a call",
    away: "Away",
    busy: "Busy",
    dnd: "Do not disturb",
    not_registered: "No phone signed in",
    unknown: "Unknown",
  } satisfies Record<Presence, string>,
  calling: "Calling",
  alsoDnd: "do not disturb",
  unknownSince: (at: string) => `unknown since ${at}`,
  before: (state: string) => `before: ${state}`,

  // Links
  link: {
    signed_out: "Signed out",
    opening: "Connecting",
    syncing: "Signing in",
    online: "Online",
    waiting: "Offline",
    stopped: "Offline",
  } satisfies Record<AccountView["link"], string>,
  sinceWhen: (state: string, at: string) => `${state} since ${at}.`,
  tryingAgain: (seconds: number) => (seconds > 0 ? `Trying again in ${seconds} s.` : "Trying again now."),
  tryNow: "Try now",
  unlock: "Unlock the keyring",
  enterPassword: "Enter password",
  newPassword: (account: string) => `Password for ${account}`,
  certificateLook: "Look at the certificate",

  // The field
  field: "Name or number",
  call: "Call",
  callNumber: (number: string) => `Call ${number}`,
  results: "Results",
  resultCount: (n: number) => (n === 1 ? "1 result" : `${n} results`),
  nothingFound: (text: string) => `Nobody called “${text}” here. A number can be dialled as it is.`,
  byAccount: "Call by account",
  dialQuestion: (number: string) => `Really call ${number}?`,
  dialYes: "Call it",
  dialledAs: (dial: string) => `Will be dialled as ${dial}`,
  asksFirst: (why: string) => `Asks first. ${why}`,
  thenDigits: (digits: string) => `then ${digits}`,
  internal: "internal",
  featureCode: "code for the phone system",
  address: "address",
  severalNumbers: (n: number) => `${n} numbers`,
  chooseNumber: (n: number) => `Choose one of ${n} numbers`,
  enterChooses: "Enter lets you choose one.",
  whichNumber: (n: number) => `There are ${n} numbers. Which one?`,
  noNumber: "There is no telephone number in this text.",
  nothingDialled: "Nothing was dialled.",
  doubtful: "This is not clearly one telephone number.",
  emergencyHint: "Emergency number. Asks for a second press.",
  emergencyNumber: (number: string) => `Emergency number ${number}`,
  emergencyAgain: "Press again to call it, or Escape to cancel.",
  secondsLeft: (n: number) => `${n} s`,
  emergencyExpired: (number: string) => `The time for the second press is over. ${number} was not dialled.`,
  emergencyOnlyHere: "This is an emergency number, and this window may not dial it.",
  emergencyElsewhere: "Dial it on the phone, or close this window and open it again from the icon in the panel.",
  offlineNoDial: "Not connected, so nothing can be dialled.",
  lastCalled: "from the history",

  // The small window
  askTitle: "Trayphone: call a number?",
  askNumber: "Call this number?",
  askLink: "A link wants to call this number",
  askArrows: "Choose with the arrow keys or the pointer.",
  askBy: (account: string) => `Calls by ${account}`,
  askLate: "It could not be called when the link was clicked.",
  askReplaces: "Another question stood here before; nothing was called for it.",
  askAlways: "Always call it",
  askCalling: "Calling…",
  askOver: "Nobody answered the question within a minute.",
  notCalled: "Not called",

  // Calls
  calls: "Calls",
  unknownCaller: "Unknown caller",
  answer: "Answer",
  decline: "Decline",
  hangUp: "Hang up",
  hangUpOn: (name: string) => `Hang up on ${name}`,
  hold: "Hold",
  resume: "Resume",
  transfer: "Transfer",
  keys: "Keys",
  keypad: "Keypad",
  key: (digit: string) => `Key ${digit}`,
  transferTo: "Transfer to: name or number",
  speakFirst: "Speak first",
  askFirst: "Ask first",
  askFirstHeld: "Somebody can be asked first once this call is taken back.",
  transferNow: "Transfer now",
  connectBoth: "Connect both",
  swap: "Swap",
  backTo: (name: string) => `Back to ${name}`,
  backMeans: (name: string) => `Ends the call with ${name}.`,
  waits: "Waits",
  waitsWhile: (waits: string, other: string) => `${waits} waits while you speak with ${other}.`,
  joinsLater: (name: string) => `Both can be connected once ${name} has answered.`,
  joins: (a: string, b: string) => `Connects ${a} with ${b}; you leave the call.`,
  stillHeld: (name: string) => `${name} is still on hold. Press “Resume” to go on talking.`,
  stillHeldAtPhone: (name: string) => `${name} is still on hold. Take the call back on the phone.`,
  park: "Park",
  parkedAt: (place: string) => `Parked at ${place}.`,
  parkedFetch: (place: string) => `Dial ${place} to fetch the call.`,
  parkedSomewhere: "Parked.",
  parkedAsk: "The phone system has not said at which number.",
  parkedWho: (name: string, at: string) => `${name}, ${at}`,
  dialPlace: (place: string) => `Dial ${place}`,
  takeCall: "Take the call",
  takeCallKeys: "Shift and Enter takes it too",
  takeCallOf: (name: string) => `Take the call that rings at ${name}`,
  via: (name: string) => `for ${name}`,
  callsYou: (name: string) => `${name} is calling`,
  state: (call: CallView) =>
    ({
      dialing: "Dialling…",
      calling_own_phone: "Lift your handset",
      ringing: call.direction === "incoming" ? "Calling you" : "Ringing there",
      connected: "Connected",
      held: "On hold",
      held_by_other: "The other side holds",
      ended: "Over",
      unknown: "State unknown",
    })[call.state],
  doing: {
    dialing: "Dialling…",
    answering: "Answering…",
    hanging_up: "Hanging up…",
    holding: "Putting on hold…",
    resuming: "Taking back…",
    transferring: "Transferring…",
    sending_tones: "Sending tones…",
    consulting: "Calling to ask first…",
    parking: "Parking…",
  } satisfies Record<NonNullable<CallView["doing"]>, string>,
  staleCall: (at: string) => `Unknown since ${at}. Until the PBX has said where this call stands, use the phone.`,
  sendDigits: (digits: string) => `Send ${digits}`,
  sendAgain: (digits: string) => `Send ${digits} again`,
  answerAtPhone: "This phone cannot be answered from here. Lift the handset.",

  // People
  peopleList: "Colleagues",
  loadingPeople: "Reading the list of colleagues…",
  noPeople: "No colleagues yet.",
  noPeopleWhy: "The PBX shows no other extensions to this user. Its administrator can allow it.",
  nobodyOnline: "The list comes once an account is online.",

  // History
  all: "All",
  missed: "Missed",
  missedCount: (n: number) => (n === 1 ? "1 missed call" : `${n} missed calls`),
  today: "Today",
  yesterday: "Yesterday",
  callBack: "Call back",
  times: (n: number) => `${n} times`,
  outcome: {
    answered: "answered",
    missed: "missed",
    answered_elsewhere: "taken elsewhere",
    declined: "declined",
    not_reached: "not reached",
    unknown: "end not seen",
  } satisfies Record<Outcome, string>,
  incoming: "Incoming",
  outgoing: "Outgoing",
  noHistory: "No calls yet.",
  noHistoryWhy: (hotkey: string | null) =>
    hotkey ? `Select a number anywhere and press ${hotkey} to call it.` : "Type a name or a number in the field above to call.",
  noMissed: "No missed calls.",

  // Sign-in
  welcome: "Sign in to your phone system",
  welcomeWhy: "Trayphone drives the phone you already have. You sign in once.",
  addAccount: "Add an account",
  kind: "Kind of phone system",
  kinds: { vodia: "Vodia PBX", asterisk: "Asterisk" } as Record<string, string>,
  url: "Address",
  urlHint: "as in the browser, for example pbx.example.com",
  user: "Extension",
  userHint: "for example 204, or 204@tenant",
  /** What a kind says otherwise than the rest. */
  ofKind: {
    asterisk: {
      help: "The administrator of the server makes a manager account for you (manager.conf) and tells you its name and password.",
      urlHint: "the server and its manager port, for example amis://pbx.example.com:5039",
      user: "Manager account",
      userHint: "its name, for example phone-204",
    },
  } as Record<string, { help: string; urlHint: string; user: string; userHint: string }>,
  extension: "Extension",
  extensionHint: "the number of your own phone, for example 204",
  extensionWrong: "An extension has up to 20 digits and nothing else.",
  tenant: "Tenant",
  tenantHint: "the domain your extension belongs to",
  password: "Password",
  passwordHint: "goes to the keyring of this computer, nowhere else",
  accountName: "Name of this account",
  accountNameHint: "1 to 40 letters, digits, dots, hyphens or underscores",
  more: "More",
  signIn: "Sign in",
  signingIn: "Signing in… this takes up to 20 seconds.",
  passwordAgain: "Enter the password again; it was not kept.",
  fromLink: "This form was filled in by a link",
  fromLinkHost: (host: string) => `The password would go to ${host}.`,
  fromLinkCheck: "Type it only if this is your company's phone system. Nothing was sent yet.",
  fromLinkAnother: (host: string) => `A link wants to fill in this form for ${host}.`,
  fromLinkUse: "Fill it in",
  required: "Please fill this in.",
  urlWrong: "This is not an address.",
  urlScheme: (begins: string) => `Here an address begins with ${begins}`,

  // Certificates
  certificateUnknown: "Is this your phone system?",
  certificateWhy: "This fingerprint has to be the same as the one your administrator gives you. If it is not, somebody may be listening in.",
  fingerprint: "Fingerprint (SHA-256)",
  acceptCertificate: "Accept this certificate",
  acceptAndSignIn: "Accept this certificate and sign in",

  // Settings
  findSetting: "Find a setting",
  accounts: "Accounts",
  signOut: "Sign out",
  remove: "Remove",
  removeQuestion: (account: string) => `Remove ${account}? Its password is forgotten too.`,
  removeYes: "Remove it",
  copyReport: "Copy report",
  copied: "Copied",
  onPhone: "Your phone",
  dndSetting: "Do not disturb",
  dndHint: "No call rings on your phone.",
  dndUnsupported: "This phone system does not let programs switch it.",
  system: "This computer",
  autostart: "Start with the session",
  autostartHint: "Trayphone is in the tray after you log in.",
  links: (scheme: string) => `Open ${scheme}: links`,
  linksHint: "A click on such a link in another program calls with Trayphone.",
  linksOwner: (program: string) => `Now opened by ${program}, which gets them back when you switch this off.`,
  linksNobody: "Now opened by no program.",
  testLink: "Open a test link",
  linkOnItsWay: "It is on its way…",
  linkArrived: "It arrived. Nothing was dialled.",
  linkLost: "It did not arrive within 10 seconds.",
  askLinks: "Ask before a link dials",
  askLinksHint: "Shows the number first. Links come from web pages and mails.",
  alwaysDial: "Numbers whose links do not ask",
  alwaysDialHint: "You let them ring at once. A number taken away asks again.",
  alwaysDialNone: "None. The question before a link can add one.",
  askAgain: (number: string) => `Ask again before ${number}`,
  copyKey: "Press the copy key",
  copyKeyHint:
    "Where nothing is selected for Trayphone to read, press the copy key and put the clipboard back. Some programs do something else with that key; terminals never get it.",
  hotkeysTitle: "Hotkeys",
  hotkeyHint: "Keys that work in every program, for example ctrl+alt+p. Empty switches one off.",
  hotkeyByDesktop: "Keys that work in every program, for example ctrl+alt+p. Your desktop decides and may give others.",
  hotkeys: {
    dial: "Dial the selected number",
    answer: "Answer the call that rings",
    hang_up: "Hang up",
    window: "Show the window",
  } satisfies Record<HotkeyName, string>,
  hotkeyState: (one: HotkeyView) => {
    const keys = one.keys ?? "";
    const free = one.free ? ` ${one.free} is free.` : "";
    switch (one.health) {
      case "works":
        return `${keys} works.`;
      case "asking":
        return "Your desktop is being asked.";
      case "ours":
        return `${keys} belongs to “${one.other ? en.hotkeys[one.other] : ""}” already.${free}`;
      case "taken":
        return `${keys} is already used by ${one.by ?? "another program"}.${free}`;
      case "no_key":
        return `This keyboard has no key for ${keys}.${free}`;
      case "no_way":
        return "This desktop lets no program take keys. Bind a shortcut of the desktop to the command.";
      case "refused":
        return "Your desktop gives Trayphone no keys. Let it ask again, or bind a shortcut of the desktop to the command.";
      case "unbound":
        return "Your desktop gave it no keys. Choose some in its keyboard settings, under Trayphone.";
      case "off":
        return "";
      case "bad":
      case "not_known":
      case "failed":
        return [one.text, one.remedy].filter(Boolean).join(" ");
    }
  },
  hotkeyTest: "Test",
  hotkeyPress: (keys: string) => `Press ${keys} now.`,
  hotkeyArrived: "It works.",
  hotkeyLost: "The key did not arrive.",
  hotkeyTake: (keys: string) => `Take ${keys}`,
  hotkeyTryAgain: "Try again",
  hotkeyAskAgain: "Ask again",
  hotkeyCopy: "Copy command",
  namesLocked: "Names on the lock screen",
  namesLockedHint: "Notices show who calls while the screen is locked.",
  warm: "Keep the closed window ready",
  warmHint: "It opens faster, and takes memory for so long.",
  warmChoices: [
    [0, "not at all"],
    [60, "1 minute"],
    [600, "10 minutes"],
    [3600, "1 hour"],
  ] as [number, string][],
  checks: "Checks",
  checksHint: "Looks at keyring, tray, notices, hotkey, links, PBX and clock.",
  check: "Check now",
  checking: "Checking…",
  result: { ok: "ok", problem: "problem", not_here: "not here" },
  changed: "Changed.",
  noSetting: "No setting fits.",
  settingsGone: "Settings can be read once Trayphone runs.",
  colon: ": ",
};

export type Words = typeof en;
