/**
 * Set to `true` on the Operator Service's empty list of one job (`GET compute?jobId=`): there is no such job yet, but a start of it
 * is under way or was cut off a moment ago. The classic body is a bare list, so it says so in a header; classic services never set it.
 */
export const UNFINISHED_START_HEADER = 'x-start-unfinished';
