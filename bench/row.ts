/** One line of the benchmark's table: us and a peer, measured in the same run. */

export interface Row {
  readonly name: string;
  readonly ours: string;
  readonly peer: string;
  readonly ratio: string;
  readonly goal: string;
}
