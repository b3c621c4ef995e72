// Keeps every import of OPA's ABI alive, so that their indices are fixed before policy functions are appended: the emitter calls the
// host through these.

// @ts-ignore: decorator
@external("env", "opa_builtin0")
declare function opa_builtin0(id: i32, context: i32): i32;
// @ts-ignore: decorator
@external("env", "opa_builtin1")
declare function opa_builtin1(id: i32, context: i32, a: i32): i32;
// @ts-ignore: decorator
@external("env", "opa_builtin2")
declare function opa_builtin2(id: i32, context: i32, a: i32, b: i32): i32;
// @ts-ignore: decorator
@external("env", "opa_builtin3")
declare function opa_builtin3(id: i32, context: i32, a: i32, b: i32, c: i32): i32;
// @ts-ignore: decorator
@external("env", "opa_builtin4")
declare function opa_builtin4(id: i32, context: i32, a: i32, b: i32, c: i32, d: i32): i32;

export function host_builtin0(id: i32, context: i32): i32 {
  return opa_builtin0(id, context);
}
export function host_builtin1(id: i32, context: i32, a: i32): i32 {
  return opa_builtin1(id, context, a);
}
export function host_builtin2(id: i32, context: i32, a: i32, b: i32): i32 {
  return opa_builtin2(id, context, a, b);
}
export function host_builtin3(id: i32, context: i32, a: i32, b: i32, c: i32): i32 {
  return opa_builtin3(id, context, a, b, c);
}
export function host_builtin4(id: i32, context: i32, a: i32, b: i32, c: i32, d: i32): i32 {
  return opa_builtin4(id, context, a, b, c, d);
}
