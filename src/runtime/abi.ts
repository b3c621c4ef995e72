// The memory contract: value tags, byte offsets, fixed addresses and error codes as plain integers. Imports nothing; read by both
// compilers (asc for the runtime, tsc for emitter and engine), so no layout is written twice. All values are boxes of at least
// 16 bytes, 8-aligned, addressed by i32; address 0 is "undefined".
//
//   box      0        1        4                 8                  12
//   null     tag
//   boolean  tag               value 0|1
//   number   tag  flags        -                 i64 value (NUMBER_INT)
//   number   tag  flags        text length       text address       parsed form or 0 (NUMBER_TEXT)
//   string   tag  flags        byte length       bytes address      hash or 0        (UTF-8, not NUL-terminated)
//   array    tag               length            elements address   capacity         (elements: i32 each)
//   object   tag  flags        count             entries address    extension        (entries: hash, key, value: 12 bytes each)
//   set      tag  flags        count             entries address    extension        (entries: hash, member: 8 bytes each)
//
// Extension of object and set: see memory drawings in object.ts and set.ts; 0 while small and unsorted.

/** WebAssembly ABI of OPA that modules announce. */
export const ABI_VERSION = 1;
export const ABI_MINOR_VERSION = 3;

// Tags are OPA's own and stand in OPA's order of types.
export const TAG_NULL = 1;
export const TAG_BOOLEAN = 2;
export const TAG_NUMBER = 3;
export const TAG_STRING = 4;
export const TAG_ARRAY = 5;
export const TAG_OBJECT = 6;
export const TAG_SET = 7;

export const OFFSET_TAG = 0;
export const OFFSET_FLAGS = 1;
/** Boolean value, text length, string length, array length, object and set count. */
export const OFFSET_N = 4;
/** First payload word: int64 of a number, address of text, bytes, elements or entries. */
export const OFFSET_A = 8;
/** Second payload word: hash, capacity, extension. */
export const OFFSET_B = 12;
export const BOX_SIZE = 16;

export const NUMBER_INT = 1;
export const NUMBER_TEXT = 2;
/** All bytes of the string are below 0x80: its length in code points is its length in bytes. */
export const STRING_ASCII = 1;
/** The string is known not to be ASCII (neither flag set: not looked at yet). */
export const STRING_NOT_ASCII = 2;

export const OBJECT_ENTRY_SIZE = 12;
export const SET_ENTRY_SIZE = 8;

// Fixed boxes, written by the linker as a data segment, the only ones of their tags; the runtime's own static data starts at MEMORY_BASE (asc --memoryBase).
export const ADDRESS_NULL = 16;
export const ADDRESS_FALSE = 32;
export const ADDRESS_TRUE = 48;
export const MEMORY_BASE = 1024;

// Kinds of recorded evaluation errors.
export const ERROR_BUILTIN = 1;
export const ERROR_TYPE = 2;
export const ERROR_CONFLICT = 3;
export const ERROR_WITH_MERGE = 4;
export const ERROR_LIMIT = 5;
export const ERROR_INTERNAL = 6;

// What the exports `answer` and `answer_text` of our modules give: the address of an entrypoint's value, 0 if it has none, with this bit where
// builtins failed on the way; or that the text is no JSON.
export const ANSWER_FAILED = 1;
export const ANSWER_NO_JSON = 2;

// What opa_json_parse and friends answer (OPA's ABI).
export const OPA_ERR_OK = 0;
export const OPA_ERR_INTERNAL = 1;
export const OPA_ERR_INVALID_TYPE = 2;
export const OPA_ERR_INVALID_PATH = 3;

// Changes of a base document (data-patch.ts): what is asked for, and what became of it. Above the code stands, from bit PATCH_DEPTH_SHIFT on,
// how many keys of the path lead to the collection that was changed.
export const PATCH_UPSERT = 0;
export const PATCH_REPLACE = 1;
export const PATCH_REMOVE = 2;
/** The value stands where another one stood. */
export const PATCH_PUT = 0;
/** The same, and the document keeps nothing of the value's box. */
export const PATCH_ABSORBED = 1;
/** A key of an object came or went. */
export const PATCH_COUNTED = 2;
/** An element of an array came or went. */
export const PATCH_SHIFTED = 3;
export const PATCH_NOT_FOUND = 4;
export const PATCH_DEPTH_SHIFT = 4;

// Numbers below 0 that marked modules (coverage, traces) call opa_builtin0 with: a value that belongs to the next mark, and mark 0; mark n is n less.
export const MARK_VALUE = -1;
export const MARK_FIRST = -2;
