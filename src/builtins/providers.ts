// Builtins of the category `providers`: declarations and host bodies. Values in, values out; nothing here keeps state between calls.

import { arg, builtin, objectOf } from "./signature.ts";
import { anyType, numberType, stringType } from "../value/type.ts";
import type { Builtin } from "./builtin.ts";

// Declarations

const providersAwsSignReqBuiltin = builtin({
  name: "providers.aws.sign_req",
  description: "Signs a request for Amazon Web Services (Signature Version 4).",
  args: [
    arg("request", objectOf(stringType, anyType), "the request, as for `http.send`"),
    arg("aws_config", objectOf(stringType, anyType), "access key, secret, region and service"),
    arg("time_ns", numberType, "time of signing, nanoseconds since 1970"),
  ],
  result: arg("signed_request", objectOf(anyType, anyType), "the request with its signature"),
  examples: [],
  categories: ["providers.aws"],
});

export const providersBuiltins: readonly Builtin[] = [providersAwsSignReqBuiltin];
