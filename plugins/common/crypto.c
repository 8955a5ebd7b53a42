/* SPDX-License-Identifier: MIT */
/* libcrypto by its EVP interface. Base64 is written here because the library's own eats line ends and pads oddly. */
#include "crypto.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

int crypto_sha256(struct sy_str s, unsigned char out[SHA256_BYTES])
{
    return EVP_Digest(s.p ? s.p : "", s.n, out, NULL, EVP_sha256(), NULL);
}

int crypto_hmac_sha256(struct sy_str key, struct sy_str s, unsigned char out[SHA256_BYTES])
{
    return HMAC(EVP_sha256(), key.p ? key.p : "", (int)key.n, (const unsigned char *)(s.p ? s.p : ""), s.n, out, NULL) != NULL;
}

void crypto_wipe(void *p, size_t n)
{
    OPENSSL_cleanse(p, n);
}

void bytes_wipe(struct bytes *b)
{
    if (b->p)
        OPENSSL_cleanse(b->p, b->cap);
    bytes_fini(b);
}

/* ---- RSA ---- */

/* Asked only for an encrypted key. Without it the library would ask at the terminal, which is the editor's. */
static int pass_phrase(char *room, int size, int writing, void *ctx)
{
    const struct sy_str *pass = ctx;

    (void)writing;
    if (pass->n == 0 || pass->n > (size_t)size)
        return -1;
    memcpy(room, pass->p, pass->n);
    return (int)pass->n;
}

static const char *sign_with(EVP_PKEY *key, struct sy_str s, struct bytes *out)
{
    unsigned char room[1024]; /* RSA of 8192 bits */
    size_t n = sizeof room;
    EVP_MD_CTX *ctx;
    int ok;

    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA || EVP_PKEY_get_size(key) > (int)sizeof room)
        return "is no RSA key of usual size";
    ctx = EVP_MD_CTX_new();
    ok = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
         EVP_DigestSign(ctx, room, &n, (const unsigned char *)s.p, s.n) == 1;
    EVP_MD_CTX_free(ctx);
    if (!ok)
        return "cannot sign";
    bytes_add(out, room, n);
    return NULL;
}

const char *crypto_rsa_sha256(struct sy_str pem, struct sy_str pass, struct sy_str s, struct bytes *out)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, pass_phrase, &pass) : NULL;
    const char *problem;

    if (!key)
        problem = memmem(pem.p, pem.n, "ENCRYPTED", 9) ? "cannot be decrypted with pass_phrase" : "holds no private key in PEM";
    else
        problem = sign_with(key, s, out);
    EVP_PKEY_free(key);
    BIO_free(bio);
    ERR_clear_error();
    return problem;
}

/* ---- text forms ---- */

void add_hex(struct bytes *out, const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bytes_addc(out, "0123456789abcdef"[p[i] >> 4]);
        bytes_addc(out, "0123456789abcdef"[p[i] & 15]);
    }
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void add_base64(struct bytes *out, struct sy_str s)
{
    const unsigned char *p = (const unsigned char *)s.p;

    for (size_t i = 0; i < s.n; i += 3) {
        size_t left = s.n - i;
        unsigned v = (unsigned)p[i] << 16 | (left > 1 ? (unsigned)p[i + 1] << 8 : 0) | (left > 2 ? p[i + 2] : 0);

        bytes_addc(out, alphabet[v >> 18]);
        bytes_addc(out, alphabet[v >> 12 & 63]);
        bytes_addc(out, left > 1 ? alphabet[v >> 6 & 63] : '=');
        bytes_addc(out, left > 2 ? alphabet[v & 63] : '=');
    }
}

int add_unbase64(struct bytes *out, struct sy_str s)
{
    unsigned v = 0, bits = 0;

    while (s.n > 0 && s.p[s.n - 1] == '=')
        s.n--;
    if (s.n % 4 == 1)
        return 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *at = s.p[i] ? strchr(alphabet, s.p[i]) : NULL;

        if (!at)
            return 0;
        v = (v << 6 | (unsigned)(at - alphabet)) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes_addc(out, (char)(v >> bits & 0xff));
        }
    }
    return 1;
}
