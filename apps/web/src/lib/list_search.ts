import { debounce, type Options, parseAsString } from "nuqs/server";

/** Typing changes the address once the fingers rest, and leaves no trail in the history. */
export const WHILE_TYPING: Options = { limitUrlUpdates: debounce(250), history: "replace" };

export const parseAsSearch = parseAsString.withDefault("");

/** Rows fetched at once; a table asks for the pages that are in view. */
export const LIST_PAGE_SIZE = 100;
