// A bare runtime for the tests of this room: dist/runtime.wasm alone, its fixed boxes written as the linker would write them, and
// helpers that carry texts in and out. Tests build the runtime first (make dist/runtime.wasm).
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const folder = resolve(import.meta.dirname, "../../../dist");
const wasm = new WebAssembly.Module(readFileSync(resolve(folder, "runtime.wasm")));
const meta = JSON.parse(readFileSync(resolve(folder, "runtime.meta.json"), "utf8")) as { staticEnd: number };

type Call = (...args: (number | bigint)[]) => number;

export interface Failure {
  kind: number;
  message: string;
}

export class Runtime {
  readonly memory = new WebAssembly.Memory({ initial: 5 });
  readonly call: Record<string, Call>;
  private readonly base: number;

  constructor() {
    const refuse = (): never => {
      throw new Error("no host builtins here");
    };
    const instance = new WebAssembly.Instance(wasm, {
      env: {
        memory: this.memory,
        opa_abort: (at: number) => {
          throw new Error(this.text(at));
        },
        opa_builtin0: refuse,
        opa_builtin1: refuse,
        opa_builtin2: refuse,
        opa_builtin3: refuse,
        opa_builtin4: refuse,
      },
    });
    this.call = instance.exports as unknown as Record<string, Call>;
    (instance.exports.heap_base as unknown as { value: number }).value = meta.staticEnd;
    const view = new DataView(this.memory.buffer);
    view.setUint8(16, 1);
    view.setUint8(32, 2);
    view.setUint8(48, 2);
    view.setInt32(52, 1, true);
    this.base = this.get("opa_heap_ptr_get")();
  }

  get(name: string): Call {
    const found = this.call[name];
    if (found === undefined) throw new Error(`the runtime has no export ${name}`);
    return found;
  }

  /** Forgets all values. */
  reset(): void {
    this.get("opa_heap_ptr_set")(this.base);
    this.get("eval_reset")();
  }

  /** Bytes behind a heap address; free to be used until the next reset. */
  write(text: string | Uint8Array): { at: number; length: number } {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    const at = this.get("opa_malloc")(bytes.length);
    new Uint8Array(this.memory.buffer).set(bytes, at);
    return { at, length: bytes.length };
  }

  /** A value from Rego text (sets and any keys allowed). */
  value(text: string): number {
    const { at, length } = this.write(text);
    const v = this.get("opa_value_parse")(at, length);
    if (v === 0) throw new Error(`not a value: ${text}`);
    return v;
  }

  json(text: string | Uint8Array, entry = "opa_json_parse"): number {
    const { at, length } = this.write(text);
    return this.get(entry)(at, length);
  }

  text(at: number): string {
    const bytes = new Uint8Array(this.memory.buffer);
    return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)));
  }

  string(v: number): string {
    const view = new DataView(this.memory.buffer);
    const at = view.getUint32(v + 8, true);
    return new TextDecoder().decode(new Uint8Array(this.memory.buffer, at, view.getInt32(v + 4, true)));
  }

  dump(v: number): string {
    return this.text(this.get("opa_json_dump")(v));
  }

  rego(v: number): string {
    return this.string(this.get("rego_text")(v));
  }

  /** Rego text of the answer, `undefined`, or the failure as `!kind message`. */
  builtin(name: string, ...args: string[]): string {
    this.reset();
    const v = this.get(`builtin_${name.replaceAll(".", "_")}`)(...args.map((arg) => this.value(arg)));
    const kind = this.get("failure_pending")();
    if (kind !== 0) return `!${kind} ${this.string(this.get("failure_message")())}`;
    return v === 0 ? "undefined" : this.rego(v);
  }
}
