/** `$(NAME)` in commands, arguments and values, as the Pod API defines it. Knows the syntax only. */

/** A reference to an unknown name stays as it is; `$$` is a dollar sign that begins no reference. */
export function expand(text: string, value: (name: string) => string | undefined): string {
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, what: string, name: string) =>
    what === '$' ? '$' : (value(name) ?? whole),
  );
}
