/*
 * For teams that build on this API: the whole service in their test process, on a free port, with a database in
 * memory and vendors that are fakes unless they say otherwise.
 */
export { documentedLinear, FakeLinear, type FakeLinearState } from "../integrations/linear/FakeLinear.ts"
export { Linear } from "../integrations/linear/Linear.ts"
export { documentedPagerDuty, FakePagerDuty, type FakePagerDutyState } from "../integrations/pagerduty/FakePagerDuty.ts"
export { PagerDuty } from "../integrations/pagerduty/PagerDuty.ts"
export { documentedSentry, FakeSentry, type FakeSentryState } from "../integrations/sentry/FakeSentry.ts"
export { Sentry } from "../integrations/sentry/Sentry.ts"
export { TestApi, type TestApiOptions, type TestTokenOptions } from "./TestApi.ts"
