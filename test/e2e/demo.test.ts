// The demonstration's steps as tests: real processes, a real MCP client and server, a real network. One story, in order; a step that
// fails names what was expected.

import { afterAll, describe, expect, test } from "vitest";
import { endStory, startStory, steps } from "../../src/demo/steps.ts";

describe.sequential("the whole loop", () => {
  const story = startStory();
  afterAll(() => endStory(story));

  test.each(steps.map((step) => [step.title, step] as const))(
    "%s",
    { timeout: 60_000 },
    async (_title, step) => {
      const lines = await step.run(story);
      expect(lines.length).toBeGreaterThan(0);
    },
  );
});
