/**
 * What `kubectl explain` says of fields, where it says anything: of those that every object has. In our own words; the
 * first of them are upstream's, which clients look for. Data.
 */

import { META_PACKAGE } from '../../api/schema/field-table.ts'

const OBJECT_META: Readonly<Record<string, string>> = {
  annotations: 'Annotations hold what tools and people note about the object. They cannot be selected by.',
  creationTimestamp:
    'CreationTimestamp is a timestamp: when the server created the object. Only the server sets it.',
  deletionGracePeriodSeconds:
    'DeletionGracePeriodSeconds is how long the object may take to end, once its deletion was asked for. Only the server sets it.',
  deletionTimestamp:
    'DeletionTimestamp is when the object is to be gone. It is set when deletion was asked for, and then stays. Only the server sets it.',
  finalizers:
    'Finalizers name those who still have something to do before the object may go. It goes when the last was removed.',
  generateName: 'GenerateName is what the name begins with when none was given; the server adds the rest.',
  generation: 'Generation counts the changes of what is wanted. Only the server sets it.',
  labels: 'Labels are what objects are grouped and selected by.',
  managedFields: 'ManagedFields say who set which fields. The server keeps them, for server-side apply.',
  name: 'Name is how the object is called, once in its namespace for each resource. It cannot be changed.',
  namespace:
    'Namespace is where the object is. It cannot be changed; objects of the whole cluster have none.',
  ownerReferences:
    'OwnerReferences name the objects this one belongs to. It is deleted when the last of them is gone.',
  resourceVersion:
    'ResourceVersion changes with every change of the object. Clients compare it and watch from it; it means nothing else.',
  selfLink: 'SelfLink is not set any more.',
  uid: 'UID is the object in time and space: another one of the same name has another. Only the server sets it.',
}

const LIST_META: Readonly<Record<string, string>> = {
  continue: 'Continue is what the next request passes on to get the rest of the list.',
  remainingItemCount: 'RemainingItemCount is how many objects follow, where that is known.',
  resourceVersion: 'ResourceVersion is the state of the store that the list shows, and can be watched from.',
  selfLink: 'SelfLink is not set any more.',
}

const FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [`${META_PACKAGE}.ObjectMeta`]: OBJECT_META,
  [`${META_PACKAGE}.ListMeta`]: LIST_META,
}

const MESSAGES: Readonly<Record<string, string>> = {
  [`${META_PACKAGE}.ObjectMeta`]: 'ObjectMeta is what the API keeps of every object, whatever its kind.',
  [`${META_PACKAGE}.ListMeta`]: 'ListMeta is what the API says of every list.',
}

export const API_VERSION =
  'APIVersion defines which version of the API the object is written in: GROUP/VERSION, or VERSION for the core group.'
export const KIND = 'Kind is what the object is, in CamelCase. It cannot be changed.'
export const METADATA = "Standard object's metadata: name, labels and the like."
export const LIST_METADATA = 'Standard list metadata: the version of the list, and how it goes on.'

/** @returns what is said of a type; undefined: nothing */
export const describedType = (message: string): string | undefined => MESSAGES[message]

/**
 * @param message the type that has the field
 * @param type what the field is
 */
export function describedField(message: string, name: string, type: string): string | undefined {
  if (type === `${META_PACKAGE}.ObjectMeta`) return METADATA
  if (type === `${META_PACKAGE}.ListMeta`) return LIST_METADATA
  return FIELDS[message]?.[name]
}
