/**
 * For rows that are made of what has been checked on its way in, as its types say: checking each field again took a tenth of
 * a millisecond with every event.
 */
export const checked = { disableValidation: true } as const
