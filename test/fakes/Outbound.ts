import { HttpClient } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { Layer } from "effect"
import * as Resolver from "../../src/upstream/Resolver.ts"
import { TenantHttp } from "../../src/upstream/TenantHttp.ts"
import { Upstream } from "../../src/upstream/Upstream.ts"
import { environment } from "./Storage.ts"

/** Tenants' URLs are called as all others are, by whatever client a test provides. */
export const Unguarded = Layer.effect(TenantHttp, HttpClient.HttpClient)

/** Calls over the network, for an operator who has set these variables. */
export const Networked = (variables: Readonly<Record<string, string>> = {}) =>
  Layer.orDie(
    Upstream.Default.pipe(
      Layer.provide([NodeHttpClient.layerUndici, TenantHttp.layer]),
      Layer.provide(Resolver.layer()),
      Layer.provide(environment(variables))
    )
  )
