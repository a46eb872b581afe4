import type { Config } from "@otedama/shared/config";
import { openHome } from "../stack/home.ts";
import { Stack } from "../stack/stack.ts";
import { Progress } from "../terminal/progress.ts";

/** Runs everything until a signal, or until a part has to be given up. Resolves with the exit code. */
export async function start(config: Config, home_path: string): Promise<number> {
  const home = openHome(home_path);
  const progress = new Progress({ write: (text) => process.stdout.write(text), now_ms: () => performance.now() });
  let over = false;
  let end: (code: number) => void = () => {};
  const ended = new Promise<number>((done) => {
    end = (code) => {
      over = true;
      done(code);
    };
  });
  const stack = new Stack(
    { config, home },
    {
      progress,
      onGivenUp: (message) => {
        process.stderr.write(`${message}\n`);
        end(1);
      },
    },
  );
  const onSignal = () => end(0);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  // The wrapper that `npm start` began with is gone.
  process.on("disconnect", onSignal);

  const running = stack.start().then(
    ({ dashboard_url, setup_link }) => {
      if (over) return;
      progress.line(`\n  Dashboard    ${dashboard_url}`);
      if (setup_link) progress.line(`  Set-up link  ${setup_link}\n               (creates the owner; works once, for 24 hours)`);
      progress.line("  Ctrl-C stops everything\n");
    },
    (error: Error) => {
      // What fails because everything is being stopped is no news.
      if (over) return;
      process.stderr.write(`\n${error.message}\n`);
      end(1);
    },
  );
  const code = await ended;
  const began = performance.now();
  if (code === 0) progress.line("\n  Stopping …");
  await stack.stop();
  await Promise.race([running, new Promise((done) => setTimeout(done, 500).unref())]);
  if (code === 0) progress.line(`  Stopped in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return code;
}
