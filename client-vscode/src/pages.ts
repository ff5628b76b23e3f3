import * as vscode from "vscode";

/** Opens a page; false where that did not work, or was not wanted. */
export type OpenPage = (address: string) => Promise<boolean>;

/** Opens a web page in the browser; false where that does not work, and for an address that is not http or https. */
export async function openPage(address: string): Promise<boolean> {
  if (!/^https?:\/\//i.test(address)) {
    return false;
  }
  // A text is opened as it is. A `Uri` is written anew, and `%26` within a parameter becomes the end of it: the address
  // in a log-in's own would be cut there. The editor takes both; its types name only the second.
  // Source: https://github.com/microsoft/vscode/issues/85930.
  return vscode.env.openExternal(address as unknown as vscode.Uri);
}

/** The pages that the server asks the editor to open (`window/showDocument`). */
export class Pages {
  private readonly expected: OpenPage[] = [];

  /** Has the next page opened by `open`, after those that were expected before; disposing it ends that. */
  expect(open: OpenPage): vscode.Disposable {
    this.expected.push(open);
    return new vscode.Disposable(() => {
      const place = this.expected.indexOf(open);
      if (place >= 0) {
        this.expected.splice(place, 1);
      }
    });
  }

  /** Opens a page by what expects one, else in the browser at once; whether it is open. */
  show(address: string): Promise<boolean> {
    return (this.expected.shift() ?? openPage)(address);
  }
}
