// Written by a test of phone-control; do not edit.
/**
 * The codes that scripts and the window react to.
 */
export type Code = "no_account" | "secret_missing" | "keyring_locked" | "keyring_absent" | "unreachable" | "timed_out" | "dropped" | "busy" | "not_a_pbx" | "certificate_unknown" | "certificate_changed" | "credentials_refused" | "api_switched_off" | "unknown_tenant_or_user" | "second_factor_needed" | "forbidden" | "protocol" | "unsupported" | "state_unknown" | "no_such_call" | "offline" | "rate_limited" | "policy_ask" | "policy_refuse" | "several_numbers" | "outcome_unknown" | "refused_by_pbx" | "wrong_usage" | "not_available" | "no_agent" | "agent_hangs";
