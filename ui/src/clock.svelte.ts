// One clock for all timers of the page; it stands still while nobody looks.
let now = $state(Date.now());
let users = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function turn() {
  const wanted = users > 0 && document.visibilityState !== "hidden";
  if (wanted && timer === undefined) {
    now = Date.now();
    timer = setInterval(() => (now = Date.now()), 1000);
  } else if (!wanted && timer !== undefined) {
    clearInterval(timer);
    timer = undefined;
  }
}

document.addEventListener("visibilitychange", turn);

/** Lets the clock run as long as the calling component lives. */
export function useClock(): { readonly now: number } {
  $effect(() => {
    users += 1;
    turn();
    return () => {
      users -= 1;
      turn();
    };
  });
  return {
    get now() {
      return now;
    },
  };
}
