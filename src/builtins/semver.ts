// Semantic versions as OPA reads them: three integers, perhaps a leading `v`, a pre-release and metadata. Texts in, -1, 0, 1 or a
// boolean out.

import { arg, builtin } from "./signature.ts";
import { anyType, booleanType, numberType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";
import { compareStrings } from "../value/compare.ts";
import { integer } from "../value/number.ts";
import type { HostBody } from "./builtin.ts";
import { failure, stringOperand } from "./operand.ts";

interface Version {
  readonly numbers: readonly bigint[];
  readonly preRelease: string;
}

const IDENTIFIERS = /^[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*$/;
const INT64_LIMIT = 2n ** 63n;

function parse(text: string): Version | undefined {
  let rest = text.startsWith("v") ? text.slice(1) : text;
  const cut = (mark: string): string => {
    const at = rest.indexOf(mark);
    const after = at < 0 ? "" : rest.slice(at + 1);
    rest = at < 0 ? rest : rest.slice(0, at);
    return after;
  };
  const metadata = cut("+");
  const preRelease = cut("-");
  for (const part of [metadata, preRelease]) if (part !== "" && !IDENTIFIERS.test(part)) return undefined;
  const parts = rest.split(".");
  if (parts.length !== 3 || !parts.every((part) => /^[+-]?\d+$/.test(part))) return undefined;
  const numbers = parts.map((part) => BigInt(part.replace("+", "")));
  if (numbers.some((n) => n >= INT64_LIMIT || n < -INT64_LIMIT)) return undefined;
  return { numbers, preRelease };
}

function order(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareVersions(a: Version, b: Version): number {
  for (let i = 0; i < 3; i++) {
    const step = order(a.numbers[i] as bigint, b.numbers[i] as bigint);
    if (step !== 0) return step;
  }
  if (a.preRelease === b.preRelease) return 0;
  // A pre-release comes before the release itself.
  if (a.preRelease === "" || b.preRelease === "") return a.preRelease === "" ? 1 : -1;
  const [left, right] = [a.preRelease.split("."), b.preRelease.split(".")];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const step = compareIdentifiers(left[i] as string, right[i] as string);
    if (step !== 0) return step;
  }
  return Math.sign(left.length - right.length);
}

/** Numbers come before other identifiers. */
function compareIdentifiers(a: string, b: string): number {
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (x !== y) return x ? -1 : 1;
  return x ? order(BigInt(a), BigInt(b)) : Math.sign(compareStrings(a, b));
}

const semverCompareBody: HostBody = ([a, b]) => {
  const [x, y] = [stringOperand(a, 1), stringOperand(b, 2)];
  const [left, right] = [parse(x), parse(y)];
  if (left === undefined) throw failure(`operand 1: string ${JSON.stringify(x)} is not a valid SemVer`);
  if (right === undefined) throw failure(`operand 2: string ${JSON.stringify(y)} is not a valid SemVer`);
  return integer(compareVersions(left, right));
};

const semverIsValidBody: HostBody = ([version]) =>
  typeof version === "string" && parse(version) !== undefined;

// Declarations

const semverCompareBuiltin = builtin({
  name: "semver.compare",
  description: "Orders two semantic versions.",
  args: [arg("a", stringType, "a version"), arg("b", stringType, "another version")],
  result: arg("result", numberType, "-1, 0 or 1: `a` is older, equal or newer"),
  examples: [['semver.compare("1.2.0", "1.10.0")', "-1"]],
  native: true,
  host: semverCompareBody,
});

const semverIsValidBuiltin = builtin({
  name: "semver.is_valid",
  description: "Tells whether a value is a semantic version.",
  args: [arg("vsn", anyType, "value to look at")],
  result: arg("result", booleanType, "true when it is one"),
  examples: [['semver.is_valid("1.2.3-rc.1")', "true"]],
  native: true,
  host: semverIsValidBody,
});

export const semverBuiltins: readonly Builtin[] = [semverCompareBuiltin, semverIsValidBuiltin];
