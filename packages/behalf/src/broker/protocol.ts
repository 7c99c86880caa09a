/** `grant_type` of a token exchange (RFC 8693, section 2.1). */
export const exchangeGrantType = "urn:ietf:params:oauth:grant-type:token-exchange";
/** What is asked for and answered: RFC 8693, section 3. */
export const accessTokenType = "urn:ietf:params:oauth:token-type:access_token";
/** The `subject_token_type` of a grant of behalf. */
export const grantTokenType = "urn:behalf:token-type:grant";
/** The `actor_token_type` of {@link sealActor}'s statement. */
export const actorTokenType = "urn:ietf:params:oauth:token-type:jwt";
