// Ends an evaluation with `file:row: code: message`, OPA's form; the three texts are string boxes. Does not return. Behind the NUL that ends
// the text for every host stands the column as a text of its own, for the engine, whose errors have one as those of `opa eval` have.
import { buffer_open, buffer_text, put_byte, put_i64, put_string, put_text } from "./buffer";
import { abort_address } from "./memory";

export function abort_at(file: usize, row: i32, col: i32, code: usize, message: usize): void {
  const saved = buffer_open(128);
  if (file != 0) put_string(file);
  put_byte(0x3a);
  put_i64(row);
  if (file == 0 || load<i32>(file, 4) == 0) {
    put_byte(0x3a);
    put_i64(col);
  }
  put_text(": ");
  put_string(code);
  put_text(": ");
  put_string(message);
  put_byte(0);
  put_i64(col);
  abort_address(buffer_text(saved));
}
