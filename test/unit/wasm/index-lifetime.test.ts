// Indexes of base documents in a bare OPA host: whatever the host loads, drops or patches, and whatever fails in between, an evaluation
// answers for the documents it is given. Drives the module's ABI directly, as hosts in other languages do.

import fc from "fast-check";
import { expect, test } from "vitest";
import { checkSources, compile } from "../../../src/compile/compile.ts";
import { runtime } from "./build.ts";

const SOURCE = `package p

found contains grant.id if {
	some grant in data.grants
	grant.role == input.role
}

clash := grant.id if {
	some grant in data.grants
	grant.role == input.role
}
`;

type Grant = { readonly id: number; readonly role: string };
type Abi = Readonly<Record<string, (...args: number[]) => number>>;

class Host {
  readonly memory = new WebAssembly.Memory({ initial: 4 });
  readonly abi: Abi;
  readonly #base: number;
  #data: number;
  #heap: number;

  constructor(wasm: Uint8Array) {
    const env: Record<string, WebAssembly.ImportValue> = {
      memory: this.memory,
      opa_abort: () => {
        throw new Error("aborted");
      },
      opa_println: () => {},
    };
    for (let args = 0; args < 5; args++) env[`opa_builtin${args}`] = () => 0;
    const module = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
    this.abi = new WebAssembly.Instance(module, { env }).exports as unknown as Abi;
    this.#data = this.parse({});
    this.#base = this.abi.opa_heap_ptr_get!();
    this.#heap = this.#base;
  }

  parse(value: unknown): number {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    const at = this.abi.opa_malloc!(bytes.length);
    new Uint8Array(this.memory.buffer).set(bytes, at);
    return this.abi.opa_json_parse!(at, bytes.length);
  }

  setData(data: unknown, reset: boolean): void {
    if (reset) this.abi.opa_heap_ptr_set!(this.#base);
    this.#data = this.parse(data);
    this.#heap = this.abi.opa_heap_ptr_get!();
  }

  patch(path: readonly string[], value: unknown): void {
    this.abi.opa_heap_ptr_set!(this.#heap);
    const at = this.parse(path);
    if (value === undefined) this.abi.opa_value_remove_path!(this.#data, at);
    else this.abi.opa_value_add_path!(this.#data, at, this.parse(value));
    this.#heap = this.abi.opa_heap_ptr_get!();
  }

  oneShot(entrypoint: number, input: unknown): unknown {
    const bytes = new TextEncoder().encode(JSON.stringify(input));
    this.memory.grow(1);
    new Uint8Array(this.memory.buffer).set(bytes, this.#heap);
    const heap = this.#heap + bytes.length;
    return this.text(this.abi.opa_eval!(0, entrypoint, this.#data, this.#heap, bytes.length, heap, 0));
  }

  /** As hosts of ABI 1.1 do it. */
  stepwise(entrypoint: number, input: unknown): unknown {
    this.abi.opa_heap_ptr_set!(this.#heap);
    const at = this.parse(input);
    const context = this.abi.opa_eval_ctx_new!();
    this.abi.opa_eval_ctx_set_input!(context, at);
    this.abi.opa_eval_ctx_set_data!(context, this.#data);
    this.abi.opa_eval_ctx_set_entrypoint!(context, entrypoint);
    this.abi.eval!(context);
    return this.text(this.abi.opa_json_dump!(this.abi.opa_eval_ctx_get_result!(context)));
  }

  text(at: number): unknown {
    const bytes = new Uint8Array(this.memory.buffer);
    return JSON.parse(new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at))));
  }
}

const built = compile(
  checkSources([{ file: "p.rego", text: SOURCE }]),
  { entrypoints: ["p/found", "p/clash"] },
  { runtime, verify: true },
).emitted;

const FOUND = built.entrypoints["p/found"]!;
const CLASH = built.entrypoints["p/clash"]!;

const role = fc.constantFrom("a", "b", "c", "d");
/** Few lengths: documents of one shape lie at the same addresses. */
const grants = fc
  .constantFrom(0, 3, 9, 12)
  .chain((length) => fc.array(role, { minLength: length, maxLength: length }))
  .map((roles): Grant[] => roles.map((name, id) => ({ id, role: name })));

/** As the documents have them: patched in place, one part at a time. */
const byName = (list: readonly Grant[]): object =>
  Object.fromEntries(list.map((grant) => [`g${grant.id}`, grant]));

type Step =
  | { readonly do: "set"; readonly grants: Grant[]; readonly reset: boolean }
  | { readonly do: "patch"; readonly grants: Grant[] | undefined }
  | { readonly do: "patch one"; readonly id: number; readonly role: string }
  | { readonly do: "ask"; readonly role: string; readonly grants: Grant[] | undefined; readonly how: How };
type How = "oneShot" | "stepwise" | "abort";

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("set" as const), grants, reset: fc.boolean() }),
  fc.record({ do: fc.constant("patch" as const), grants: fc.option(grants, { nil: undefined }) }),
  fc.record({ do: fc.constant("patch one" as const), id: fc.nat(11), role }),
  fc.record({
    do: fc.constant("ask" as const),
    role,
    grants: fc.option(grants, { nil: undefined }),
    how: fc.constantFrom<How>("oneShot", "stepwise", "abort"),
  }),
);

test("an evaluation answers for the documents it is given, whatever was done before", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 3, maxLength: 14 }), (steps) => {
      const host = new Host(built.bytes);
      let model: readonly Grant[] = [];
      for (const next of steps) {
        if (next.do === "set") {
          model = next.grants;
          host.setData({ grants: byName(model) }, next.reset);
        } else if (next.do === "patch") {
          model = next.grants ?? [];
          host.patch(["grants"], next.grants && byName(next.grants));
        } else if (next.do === "patch one") {
          if (next.id >= model.length) continue;
          model = model.with(next.id, { id: next.id, role: next.role });
          host.patch(["grants", `g${next.id}`, "role"], next.role);
        } else {
          // An input that looks like the data must not be taken for it.
          const input = { role: next.role, ...(next.grants && { grants: byName(next.grants) }) };
          const ids = model.filter((grant) => grant.role === next.role).map((grant) => grant.id);
          if (next.how === "abort") {
            const ask = (): unknown => host.oneShot(CLASH, input);
            if (ids.length > 1) expect(ask).toThrow("aborted");
            else expect(ask()).toEqual(ids.map((result) => ({ result })));
          } else expect(host[next.how](FOUND, input)).toEqual([{ result: ids }]);
        }
      }
    }),
    { numRuns: 150 },
  );
});

test("the index is used: a scan of many grants costs no more steps than one of few", () => {
  const steps = (count: number): number => {
    const host = new Host(built.bytes);
    host.setData({ grants: Array.from({ length: count }, (_, id) => ({ id, role: `r${id}` })) }, true);
    let budget = 1;
    for (; budget < 64; budget *= 2) {
      host.abi.fuel_set!(budget);
      try {
        host.oneShot(FOUND, { role: "r3" });
        break;
      } catch {}
    }
    return budget;
  };
  expect(steps(40_000)).toBe(steps(10));
});
