import { describe, expect, it } from "vitest";
import { account, call } from "../mock.scenes";
import Header from "../parts/Header.svelte";
import type { CallView } from "../types";
import { running, show, view } from "./support";

describe("the own state", () => {
  const state = async (...calls: CallView[]) => {
    await running(view({ accounts: [account({ presence: "in_call" })], calls }));
    return show(Header, {}).querySelector(".word")?.textContent;
  };
  const ringing = call({ state: "ringing", connected_at: null });

  it("is no call while one only rings, whatever the PBX says so early", async () => {
    expect(await state(ringing)).toBe("Ringing");
    expect(await state(call({ state: "calling_own_phone", direction: "outgoing", connected_at: null }))).toBe("Calling");
    expect(await state(ringing, call({ id: "office/c2" }))).toBe("In a call");
  });

  it("is what the PBX says where the own calls do not tell", async () => {
    expect(await state()).toBe("In a call");
    expect(await state({ ...ringing, stale: true })).toBe("In a call");
    expect(await state({ ...ringing, account: "home" })).toBe("In a call");
  });
});
