/** What labd tells the `up` that started it, over the channel between parent and child. Plain data. */

export type Progress =
  | { readonly type: 'step'; readonly text: string; readonly seconds: number }
  | { readonly type: 'ready'; readonly seconds: number }
  | { readonly type: 'failed'; readonly message: string; readonly advice?: string };

/** Nobody listens when labd was started otherwise, or when `up` was interrupted: then it is told to no one. */
export function tell(progress: Progress): void {
  if (process.connected) process.send!(progress, undefined, undefined, () => {});
}
