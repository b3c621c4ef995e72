// The part of the WebAssembly JavaScript API that the engine uses: every host has it, but TypeScript declares it only among browser types,
// which this floor must not see.

declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
    static customSections(module: Module, name: string): ArrayBuffer[];
  }
  interface MemoryDescriptor {
    initial: number;
    maximum?: number;
  }
  class Memory {
    readonly buffer: ArrayBuffer;
    constructor(descriptor: MemoryDescriptor);
    grow(pages: number): number;
  }
  // biome-ignore lint/suspicious/noConfusingVoidType: imported functions may answer nothing
  type ImportValue = Memory | ((...args: number[]) => number | void);
  type Imports = Record<string, Record<string, ImportValue>>;
  class Instance {
    readonly exports: Record<string, unknown>;
    constructor(module: Module, imports?: Imports);
  }
  class LinkError extends Error {}
  class RuntimeError extends Error {}
  function validate(bytes: Uint8Array): boolean;
}
