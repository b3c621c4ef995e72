// JSON text as Go's encoder indents it, with the fields in the order in which they are given. In: plain data, objects as lists of fields. Out: text.

export type Json = string | number | boolean | null | readonly Json[] | Fields;

/** An object whose keys stay in order, whatever they look like. Fields without a value are left out. */
export class Fields {
  readonly list: readonly (readonly [string, Json])[];

  constructor(list: Iterable<readonly [string, Json | undefined]>) {
    this.list = [...list].filter((field): field is readonly [string, Json] => field[1] !== undefined);
  }
}

export function goJson(value: Json, indent = "\n"): string {
  const deeper = `${indent}  `;
  const wrap = (open: string, items: readonly string[], close: string): string =>
    items.length === 0 ? open + close : open + deeper + items.join(`,${deeper}`) + indent + close;
  if (value instanceof Fields) {
    return wrap(
      "{",
      value.list.map(([key, item]) => `${text(key)}: ${goJson(item, deeper)}`),
      "}",
    );
  }
  if (Array.isArray(value)) {
    return wrap(
      "[",
      value.map((item: Json) => goJson(item, deeper)),
      "]",
    );
  }
  return typeof value === "string" ? text(value) : String(value);
}

function text(value: string): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
