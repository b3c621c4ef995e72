// Comprehensions. In: a comprehension term. Out: statements that run its body for every solution in a block of its own and gather
// the values. Variables bound inside are forgotten afterwards.

import type { Term } from "../../syntax/ast.ts";
import type { Operand } from "../ir/ir.ts";
import { type Context, local } from "./context.ts";

export function planComprehension(c: Context, term: Term): Operand {
  const target = c.local();
  const gather = (body: () => void) => c.locate(term.location, () => c.closure(() => c.blocks(body)));
  switch (term.kind) {
    case "array-comprehension":
      c.emit({ kind: "MakeArrayStmt", capacity: 0, target });
      gather(() =>
        c.rooms.body(c, term.body, () =>
          c.rooms.term(c, term.term, (value) => c.emit({ kind: "ArrayAppendStmt", value, array: target })),
        ),
      );
      break;
    case "set-comprehension":
      c.emit({ kind: "MakeSetStmt", target });
      gather(() =>
        c.rooms.body(c, term.body, () =>
          c.rooms.term(c, term.term, (value) => c.emit({ kind: "SetAddStmt", value, set: target })),
        ),
      );
      break;
    case "object-comprehension":
      c.emit({ kind: "MakeObjectStmt", target });
      gather(() =>
        c.rooms.body(c, term.body, () =>
          c.rooms.terms(c, [term.key, term.value], ([key, value]) => {
            if (key === undefined || value === undefined) return;
            // OPA reports clashing keys at the key.
            c.locate(term.key.location, () =>
              c.emit({ kind: "ObjectInsertOnceStmt", key, value, object: target }),
            );
          }),
        ),
      );
      break;
    default:
      throw c.fail(`\`${term.kind}\` is no comprehension`);
  }
  return local(target);
}
