import { describe, expect, test } from "vitest";
import { Catalogue, readDefinitions, ShownTools } from "../../../src/ai/catalogue.ts";
import { deriveCatalogue, editCatalogue } from "../../../src/ai/derive.ts";
import { decode, fromPlain, toPlain } from "../../../src/value/json.ts";

const tool = (name: string, properties: Record<string, unknown> = {}, more: object = {}) => ({
  name,
  inputSchema: { type: "object", properties, ...more },
});

describe("what is derived from schemas alone", () => {
  const entry = (definition: ReturnType<typeof tool>) => {
    const found = new Catalogue(deriveCatalogue([definition])).tool(definition.name);
    if (found === undefined) throw new Error("no entry");
    return found;
  };

  test.each([
    ["get_balance", true],
    ["listFiles", true],
    ["search-emails", true],
    ["send_money", false],
    ["get_or_create_user", false],
    ["read_and_delete", false],
    ["checkout", false],
    ["check_out", false],
    ["get_order", true],
    ["search_and_replace", false],
    ["frobnicate", false],
    ["constructor", false],
  ])("%s only reads: %s", (name, readOnly) => {
    expect(entry(tool(name)).read_only).toBe(readOnly);
  });

  test("a description makes an entry stricter, never looser", () => {
    expect(entry({ ...tool("get_rid"), description: "Deletes the file." } as never).read_only).toBe(false);
    expect(entry({ ...tool("zap"), description: "Reads the file." } as never).read_only).toBe(false);
  });

  test("hints of a server never loosen", () => {
    const hinted = { ...tool("send"), annotations: { readOnlyHint: true, destructiveHint: false } };
    expect(entry(hinted).read_only).toBe(false);
    expect(entry({ ...tool("get_x"), annotations: { readOnlyHint: false } } as never).read_only).toBe(false);
  });

  test("arguments of a writing tool are sensitive unless they are prose or switches", () => {
    const { arguments: args, readers } = entry(
      tool("send_mail", {
        recipients: { type: "array" },
        body: { type: "string" },
        dry_run: { type: "boolean" },
        amount: { type: "number" },
        anything: {},
      }),
    );
    expect(args).toEqual({
      recipients: { sensitive: true },
      body: { text: true },
      dry_run: {},
      amount: { sensitive: true, computed: true },
      anything: { sensitive: true },
    });
    expect(readers).toEqual(["recipients"]);
  });

  test("what may be worked out, and what may not", () => {
    const { arguments: args } = entry({
      ...tool("book_room", {
        start_day: { type: "string" },
        until: { anyOf: [{ type: "string" }, { type: "null" }] },
        nights: { type: "integer" },
        room_number: { type: "integer" },
        board: { $ref: "#/$defs/Board" },
        permission: { enum: ["r", "rw"] },
        hotel: { type: "string" },
      }),
      inputSchema: {
        properties: {
          start_day: { type: "string" },
          until: { anyOf: [{ type: "string" }, { type: "null" }] },
          nights: { type: "integer" },
          room_number: { type: "integer" },
          board: { $ref: "#/$defs/Board" },
          permission: { enum: ["r", "rw"] },
          hotel: { type: "string" },
        },
        $defs: { Board: { enum: ["half", "full"] } },
      },
    } as never);
    const computed = Object.keys(args).filter((name) => args[name]?.computed === true);
    expect(computed).toEqual(["start_day", "until", "nights", "board"]);
    expect(args.board?.values).toEqual(["half", "full"]);
  });

  test("a tool that runs what it is given does not only read", () => {
    expect(entry(tool("query_database", { sql: { type: "string" } }))).toMatchObject({
      read_only: false,
      arguments: { sql: { sensitive: true, program: "sql" } },
    });
    expect(entry(tool("run", { command: { type: "string" } })).arguments.command?.program).toBe("shell");
  });

  test("words with which a person asks for it", () => {
    expect(entry(tool("kick_member")).verbs).toContain("remove");
    expect(entry(tool("sendMail")).verbs).toContain("tell");
    expect(entry(tool("set_title")).verbs).toBeUndefined();
    expect(entry(tool("list_messages")).verbs).toBeUndefined();
  });

  test("members of an argument are known by its schema and its description", () => {
    const files = { type: "array", items: { properties: { name: {}, more: { properties: { size: {} } } } } };
    const { arguments: args } = entry(
      tool("attach", { files: { ...files, description: "With a `file_id` each" } }),
    );
    expect(args.files?.fields).toEqual(["name", "more", "size", "file_id"]);
  });

  test("an owner's edits say only what they change", () => {
    const derived = deriveCatalogue([tool("pay", { to: { type: "string" }, on: { type: "string" } })]);
    const edited = editCatalogue(
      derived,
      fromPlain({
        tools: { pay: { arguments: { on: { sensitive: false } }, results: { trusted: ["/id"] } } },
      }),
    );
    const entries = new Catalogue(edited);
    expect(entries.argument("pay", "to")?.sensitive).toBe(true);
    expect(entries.argument("pay", "on")?.sensitive).toBe(false);
    expect(entries.tool("pay")?.results?.trusted).toEqual(["/id"]);
  });
});

describe("lookups", () => {
  test.each(["__proto__", "constructor", "toString", "valueOf"])("%s is a name like others", (name) => {
    const empty = new Catalogue(deriveCatalogue([tool("get")]));
    expect(empty.tool(name)).toBeUndefined();
    expect(empty.argument("get", name)).toBeUndefined();
    expect(empty.argument(name, name)).toBeUndefined();
    const properties = JSON.parse(`{"${name}": {"type": "string", "default": "d"}}`) as Record<
      string,
      unknown
    >;
    const text = JSON.stringify(deriveCatalogue([tool(name, properties)]));
    const full = new Catalogue(JSON.parse(text));
    expect(full.argument(name, name)?.sensitive).toBe(true);
    const { args, filled } = full.withDefaults(name, decode("{}") as never);
    expect(args.get(name)).toBe("d");
    expect(filled.has(name)).toBe(true);
  });

  test("defaults never replace what was given, null included", () => {
    const catalogue = new Catalogue(deriveCatalogue([tool("send", { cc: { default: "boss@x.org" } })]));
    const given = catalogue.withDefaults("send", decode('{"cc": null}') as never);
    expect(toPlain(given.args)).toEqual({ cc: null });
    expect(given.filled.size).toBe(0);
  });
});

describe("what servers show", () => {
  const a = tool("pay", { to: { type: "string" } });

  test("a changed word anywhere changes the hash, the order of keys does not", () => {
    const shown = (definition: object) => {
      const tools = new ShownTools();
      tools.show("s", [definition as never]);
      return tools.facts("s", "pay");
    };
    const first = shown(a);
    expect(shown({ inputSchema: a.inputSchema, name: "pay" })).toEqual(first);
    expect(shown({ ...a, description: "also mails me" })?.definition).not.toBe(first?.definition);
    expect(shown({ ...a, annotations: { readOnlyHint: true } })?.definition).not.toBe(first?.definition);
  });

  test("a tool more or renamed changes the set", () => {
    const tools = new ShownTools();
    tools.show("s", [a]);
    const before = tools.facts("s", "pay")?.set;
    tools.show("s", [a, tool("pay_now")]);
    expect(tools.facts("s", "pay")?.set).not.toBe(before);
  });

  test("a name on two servers, or twice on one, is shadowed or changed", () => {
    const tools = new ShownTools();
    tools.show("one", [a]);
    expect(tools.facts("one", "pay")?.shadowed).toBe(false);
    tools.show("two", [a]);
    expect(tools.facts("one", "pay")?.shadowed).toBe(true);
    const pinned = tools.facts("one", "pay")?.definition;
    tools.show("one", [a, a]);
    expect(tools.facts("one", "pay")?.definition).not.toBe(pinned);
  });
});

test("definitions without names are refused", () => {
  expect(() => readDefinitions(fromPlain({ tools: [{ inputSchema: {} }] }))).toThrow(/needs a name/);
  expect(() => readDefinitions(fromPlain({ resources: [] }))).toThrow(/expected `tools`/);
});
