// The ready laws on the policy library, with two sites: what AI agents may do with files, and calls by a catalogue with every setting on. And the
// law of delegation by itself, on policies that break it. Bounded: `reeve prove` looks longer.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type ProveResult, proveInvariants, type SourceText } from "../../../src/test.ts";
import { sources } from "./planted.ts";
import { callsSite, examples } from "./site.ts";

const SEED = 7;

function laws(
  modules: readonly SourceText[],
  data: unknown,
  entrypoint: string,
  runs: number,
  optional: string[] = [],
) {
  const { results } = proveInvariants(
    { modules, data },
    { runs, seed: SEED, entrypoint, optional, filter: (name) => name.startsWith(`${entrypoint}: `) },
  );
  return results;
}

const short = ({ name, status, counterexample }: ProveResult): unknown =>
  status === "holds" ? name : [name, status, counterexample?.why, JSON.stringify(counterexample?.input)];

const library = sources.filter(({ file }) => file.startsWith("ai/") && !file.includes("_invariants_"));

const NAMES = ["deny_by_default", "totality", "determinism", "irrelevance", "no_widening"];

describe("the library obeys the ready laws", () => {
  it("decisions about files", () => {
    const data = JSON.parse(readFileSync("bundles/ai-tools/data.json", "utf8"));
    const found = laws(library, data, "ai/decision", 250);
    // No delegation is read there.
    expect(found.map(short)).toEqual(NAMES.map((name) => `ai/decision: ${name}`));
  });

  it("decisions about calls", () => {
    // Without a task nothing says that it was revoked, or which tools it may use; an action without a name is the call of a tool.
    const optional = ["task", "task.id", "task.tools", "action.name"];
    const found = laws([...library, examples], { site: callsSite }, "ai/calls/decision", 250, optional);
    expect(found.map(short)).toEqual(
      [...NAMES, "no_widening_by_delegation"].map((name) => `ai/calls/decision: ${name}`),
    );
  });
});

const EXAMPLE = `package example

example_agent := {
	"subject": {"id": "ann"},
	"agent": {"id": "bot", "identity": {"verified": true}},
	"delegation": [{"from": "ann", "to": "bot", "verified": true}],
}
`;
const LAW = "no_widening_by_delegation";

/** What the law says about `allow`, whose conditions these are. */
function delegation(...conditions: string[]): ProveResult | undefined {
  const rules = conditions.map((body) => `allow if {\n${body}\n}\n`);
  const text = `package x\n\ndefault allow := false\n\nroles := {"ann": ["reader"]}\n\n${rules.join("\n")}`;
  const modules = [
    { file: "x.rego", text },
    { file: "example_test.rego", text: EXAMPLE },
  ];
  return laws(modules, {}, "x/allow", 500).find(({ name }) => name.endsWith(LAW));
}

describe("the law of delegation", () => {
  const verified = "every hop in input.delegation { hop.verified == true }";

  it.each([
    ["the person's role, whoever asks", [`"reader" in roles[input.subject.id]\n${verified}`]],
    [
      "the person alone, or an AI agent with a chain",
      [
        '"reader" in roles[input.subject.id]\nnot input.agent',
        `"reader" in roles[input.subject.id]\ninput.agent.identity.verified == true\n${verified}\ncount(input.delegation) > 0`,
      ],
    ],
    [
      "a chain is required of everybody",
      [
        `"reader" in roles[input.subject.id]\n${verified}\ncount(input.delegation) == 1\ninput.delegation[0] == {"from": input.subject.id, "to": input.agent.id, "verified": true}`,
      ],
    ],
  ])("holds: %s", (_, conditions) => {
    const found = delegation(...conditions);
    expect(found === undefined ? found : short(found)).toBe(`x/allow: ${LAW}`);
    expect(found?.met).toBeGreaterThan(10);
  });

  it.each([
    [
      "an AI agent needs no role",
      [
        '"reader" in roles[input.subject.id]',
        "input.agent.identity.verified == true\ninput.delegation[0].from",
      ],
      /^(with a chain to the AI agent: )?allow for an AI agent, but deny for `.+` alone$/,
    ],
    [
      "only the last link is looked at",
      ['"reader" in roles[input.subject.id]\ninput.delegation[count(input.delegation) - 1].verified == true'],
      /^(allow, but deny for who comes before the last link|deny, but allow with a link to another AI agent)/,
    ],
  ])("is broken: %s", (_, conditions, why) => {
    const found = delegation(...conditions);
    expect(found?.counterexample?.why).toMatch(why);
  });

  it("is not asked of what reads no delegation, and shows nothing where nothing is allowed", () => {
    expect(delegation('"reader" in roles[input.subject.id]')).toBeUndefined();
    expect(delegation('input.subject.id == "eve"\ninput.delegation[0].no == 7\nfalse')?.status).toBe(
      "vacuous",
    );
  });
});
