// Addresses beyond 2 GiB come out of a module as negative numbers: what is written there is found there. The memory is reserved, not filled.

import { expect, test } from "vitest";
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
