import * as vscode from "vscode";

/** What is waited for, unless the token is cancelled first; the work itself goes on. */
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
