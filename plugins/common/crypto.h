/* SPDX-License-Identifier: MIT */
/* The few pieces of cryptography that request signatures are made of, from libcrypto. The only door to it: whoever signs
 * includes this and not the library. Knows no vendor's scheme. */
#ifndef PLUGINS_COMMON_CRYPTO_H
#define PLUGINS_COMMON_CRYPTO_H

#include "bytes.h"

#define SHA256_BYTES 32

/* 0 where the library fails, which means that it is crippled (a FIPS setup, say). */
int crypto_sha256(struct sy_str s, unsigned char out[SHA256_BYTES]);
int crypto_hmac_sha256(struct sy_str key, struct sy_str s, unsigned char out[SHA256_BYTES]);

/* Appends the signature (RSA, PKCS #1 v1.5, SHA-256) by a private key in PEM. pass: for an encrypted key, or empty. NULL,
 * or what is wrong in a few words for a sentence. */
const char *crypto_rsa_sha256(struct sy_str pem, struct sy_str pass, struct sy_str s, struct bytes *out);

void crypto_wipe(void *p, size_t n);
void bytes_wipe(struct bytes *b); /* and free */

void add_hex(struct bytes *out, const unsigned char *p, size_t n); /* lower case */
void add_base64(struct bytes *out, struct sy_str s);
int add_unbase64(struct bytes *out, struct sy_str s); /* 0 if it is none; padding may be missing */

#endif
