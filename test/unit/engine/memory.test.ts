// Addresses beyond 2 GiB come out of a module as negative numbers: what is written there is found there, or it is not written. The memory is
// reserved, not filled.

import { expect, test } from "vitest";
import { InputWriter, REFUSED } from "../../../src/engine/input-cells.ts";
import type { InputPlan, Slot } from "../../../src/engine/input-plan.ts";
import { Memory } from "../../../src/engine/memory.ts";

test.each([
  ["bytes", Uint8Array.from([1, 2, 3, 4])],
  ["text", "abcd"],
])("%s beyond 2 GiB", (_, source) => {
  const memory = new Memory(new WebAssembly.Memory({ initial: 32_769 }));
  const address = (2 ** 31 + 16) | 0;
  expect(address).toBeLessThan(0);
  expect(memory.writeSource(address, source)).toBe(4);
  expect(memory.word(address)).toBe(typeof source === "string" ? 0x64636261 : 0x04030201);
  expect(memory.word(16)).toBe(0);
});

test("inputs beyond 2 GiB, or up to there, are left to their texts", () => {
  const memory = new WebAssembly.Memory({ initial: 32_769 });
  const writer = new InputWriter(memory, () => 1024);
  const slot: Slot = { name: "list", cell: 16, below: undefined, box: 32, seen: 0, bit: 1 };
  const plan: InputPlan = {
    box: 0,
    slots: [slot],
    leaves: [slot],
    named: new Map([["list", slot]]),
    all: 1,
    keys: [],
    places: [],
    wide: false,
  };
  const list = Array.from({ length: 100 }, (_, at) => at);
  const write = (at: number, item: unknown): number => writer.write(plan, at | 0, { list: item });
  expect(write(65_536, list)).toBe(65_536 + 100 * 16 + 100 * 4 + 16);
  expect(write(2 ** 31 - 256, list)).toBe(REFUSED);
  expect(write(2 ** 31 - 64, "long enough to stand on the heap, as it does")).toBe(REFUSED);
  expect(write(2 ** 31, list)).toBe(REFUSED);
  expect(
    write(65_536, new Proxy([], { get: (_, key) => (key === "length" ? 2 ** 32 - 1 : undefined) })),
  ).toBe(REFUSED);
});
