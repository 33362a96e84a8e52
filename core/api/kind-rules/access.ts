/** Rules of what is asked and never stored: it has no name, and is checked by whoever answers. */

import {
  LOCAL_SUBJECT_ACCESS_REVIEWS,
  SELF_SUBJECT_ACCESS_REVIEWS,
  SELF_SUBJECT_REVIEWS,
  SELF_SUBJECT_RULES_REVIEWS,
  SUBJECT_ACCESS_REVIEWS,
  TOKEN_REVIEWS,
} from '../scheme/access.ts'
import type { RulesEntry } from './row.ts'
import { row } from './row.ts'

export const ACCESS_RULES: readonly RulesEntry[] = [
  row(TOKEN_REVIEWS, {}),
  row(SELF_SUBJECT_REVIEWS, {}),
  row(SUBJECT_ACCESS_REVIEWS, {}),
  row(LOCAL_SUBJECT_ACCESS_REVIEWS, {}),
  row(SELF_SUBJECT_ACCESS_REVIEWS, {}),
  row(SELF_SUBJECT_RULES_REVIEWS, {}),
]
