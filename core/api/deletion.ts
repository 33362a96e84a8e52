/** What becomes of an object's dependents when it is deleted (metav1.DeletionPropagation). */
export const DELETION_PROPAGATIONS = ['Background', 'Foreground', 'Orphan'] as const
export type DeletionPropagation = (typeof DELETION_PROPAGATIONS)[number]
