import type { PolicyChange } from "@otedama/shared";
import { fieldName, fieldText } from "./policy_fields.ts";

const head = "h-8 border-b border-line pr-4 text-left text-xs font-medium text-ink-3";
const cell = "border-b border-line/70 py-1.5 pr-4 align-top";

/** Before and after, a line a field. */
export function ChangesTable({ changes }: { readonly changes: readonly PolicyChange[] }) {
  return (
    <table className="w-full border-separate border-spacing-0 text-sm">
      <caption className="sr-only">What changes</caption>
      <thead>
        <tr>
          <th scope="col" className={head}>
            Setting
          </th>
          <th scope="col" className={head}>
            Before
          </th>
          <th scope="col" className={head}>
            After
          </th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.field}>
            <th scope="row" className={`${cell} text-left font-medium`} title={change.field}>
              {fieldName(change.field)}
            </th>
            <td className={`${cell} break-all text-ink-3`}>{fieldText(change.field, change.before)}</td>
            <td className={`${cell} break-all`}>{fieldText(change.field, change.after)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
