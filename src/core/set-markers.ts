/** What the stream of markers that people set is called, and its source id. */
export const SET_MARKERS = 'affectd-markers';
