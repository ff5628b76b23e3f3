import * as vscode from "vscode";

/** The result of `work`; rejects with a CancellationError as soon as the token is cancelled. Does not stop the work. */
export async function unlessCancelled<T>(work: Promise<T>, token: vscode.CancellationToken | undefined): Promise<T> {
  if (token === undefined) {
    return work;
  }
  let listener: vscode.Disposable | undefined;
  const cancelled = new Promise<never>((_, reject) => {
    const cancel = (): void => reject(new vscode.CancellationError());
    listener = token.onCancellationRequested(cancel);
    if (token.isCancellationRequested) {
      cancel();
    }
  });
  try {
    return await Promise.race([work, cancelled]);
  } finally {
    listener?.dispose();
  }
}
