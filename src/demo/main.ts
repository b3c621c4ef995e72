// `make demo`: the whole loop with real parts, step by step, so that a person can follow it. Ends 0 only if each step went as it should.

import { endStory, startStory, steps } from "./steps.ts";

const story = startStory();
const started = performance.now();
try {
  for (const [i, step] of steps.entries()) {
    process.stdout.write(`\n${i + 1}. ${step.title}\n`);
    for (const line of await step.run(story)) process.stdout.write(`   ${line}\n`);
  }
  process.stdout.write(
    `\nall ${steps.length} steps went as they should, in ${((performance.now() - started) / 1000).toFixed(1)} s\n`,
  );
} catch (error) {
  process.stdout.write(`\n   FAILED ${(error as Error).message}\n`);
  process.exitCode = 1;
} finally {
  await endStory(story);
}
