import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLNamedType,
  isCompositeType,
  isObjectType,
  Kind,
  type SelectionSetNode
} from "graphql"
import { linearSchema } from "./schema.ts"

/** The most that one query may cost. */
export const maxComplexity = 10_000

/**
 * Linear's estimate of a query: 0.1 for a scalar, 1 for an object, and a connection's nodes times `first`, by default 50,
 * whether or not there are as many. Takes the document to be valid.
 */
export const complexity = (document: DocumentNode, variables: Readonly<Record<string, unknown>>): number => {
  const fragments = new Map(
    document.definitions
      .filter((one): one is FragmentDefinitionNode => one.kind === Kind.FRAGMENT_DEFINITION)
      .map((one) => [one.name.value, one])
  )

  const first = (field: FieldNode) => {
    const value = field.arguments?.find((argument) => argument.name.value === "first")?.value
    const given = value?.kind === Kind.INT ?
      Number(value.value) :
      value?.kind === Kind.VARIABLE
      ? variables[value.name.value]
      : undefined
    return typeof given === "number" ? given : 50
  }

  const fieldCost = (field: FieldNode, parent: GraphQLNamedType, times: number): number => {
    const definition = isObjectType(parent) ? parent.getFields()[field.name.value] : undefined
    if (definition === undefined) return 0
    const type = getNamedType(definition.type)
    if (!isCompositeType(type)) return 0.1
    const many = type.name.endsWith("Connection") ? first(field) : 1
    const one = 1 + selectionCost(field.selectionSet, type, many)
    return field.name.value === "nodes" ? times * one : one
  }

  const selectionCost = (set: SelectionSetNode | undefined, parent: GraphQLNamedType, times: number): number =>
    (set?.selections ?? []).reduce((sum, selection) => {
      if (selection.kind === Kind.FIELD) return sum + fieldCost(selection, parent, times)
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection
      const on = fragment?.typeCondition === undefined
        ? parent
        : linearSchema.getType(fragment.typeCondition.name.value) ?? parent
      return sum + selectionCost(fragment?.selectionSet, on, times)
    }, 0)

  return document.definitions.reduce((sum, definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return sum
    const root = linearSchema.getRootType(definition.operation)
    return root ? sum + selectionCost(definition.selectionSet, root, 1) : sum
  }, 0)
}
