import type { BuildOptions } from "esbuild";

export function bundles(production: boolean): { readonly extension: BuildOptions; readonly pages: BuildOptions };
