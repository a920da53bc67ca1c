/**
 * The text with the user part of every url taken out, except for a bare ssh user such as `git@`, which is no secret. A
 * password may have an `@` of its own: the last one is the end of it.
 *
 * @example hideCredentials('https://me:token@host/x') // 'https://host/x'
 */
export function hideCredentials(text: string): string {
  return text
    .replace(/\b(https?|ftps?):\/\/[^\s/'"]*@/gi, '$1://')
    .replace(/\b(ssh|git|git\+ssh):\/\/([^\s/:'"]*):[^\s/'"]*@/gi, '$1://$2@');
}
