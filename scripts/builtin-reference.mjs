// Writes docs/builtins-reference.md from the builtins' own declarations: `make builtins-reference`.

import { writeFileSync } from "node:fs";
import { builtinReference } from "../build/builtin-reference.js";

writeFileSync(new URL("../docs/builtins-reference.md", import.meta.url), builtinReference());
