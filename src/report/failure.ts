/** A failure that another process told us: its text is complete, and its advice if it had one. */
export class ReportedFailure extends Error {
  constructor(
    message: string,
    readonly advice?: string,
  ) {
    super(message);
    this.name = 'ReportedFailure';
  }
}
