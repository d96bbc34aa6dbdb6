// Written by a test of phone-control; do not edit.
/**
 * Answer of `export_history`.
 */
export type ExportHistoryReply = { 
/**
 * Lines of comma-separated cells (RFC 4180), newest call first; the first part begins with the headings.
 */
text: string, 
/**
 * What the next part is asked for with, as `before`; nothing when there is no more.
 */
next: string | null, };
