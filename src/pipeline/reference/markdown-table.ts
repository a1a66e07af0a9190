type Property = { readonly [key: string]: unknown };

/** Rows `| key | type | default | meaning |` of a JSON schema's properties, without `except`. */
export function parameterRows(schema: Property, except: readonly string[] = []): string[] {
  const required = new Set((schema.required ?? []) as string[]);
  return Object.entries((schema.properties ?? {}) as Record<string, Property>)
    .filter(([key]) => !except.includes(key))
    .map(([key, property]) => {
      const kind = required.has(key)
        ? 'required'
        : 'default' in property
          ? `\`${JSON.stringify(property.default)}\``
          : '';
      return `| \`${key}\` | ${typeOf(property)} | ${kind} | ${markdownCell(String(property.description ?? ''))} |`;
    });
}

export function markdownCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function typeOf(property: Property): string {
  if (Array.isArray(property.enum)) return property.enum.map((value) => `\`${value}\``).join(', ');
  const choices = (property.anyOf ?? property.oneOf) as Property[] | undefined;
  if (choices) return choices.map(typeOf).join(' or ');
  if ('const' in property) return `\`${property.const}\``;
  if (Array.isArray(property.prefixItems))
    return `[${(property.prefixItems as Property[]).map(typeOf).join(', ')}]`;
  if (property.type === 'array') return `list of ${typeOf((property.items as Property | undefined) ?? {})}`;
  return String(property.type ?? 'value');
}
