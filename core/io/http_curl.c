/* SPDX-License-Identifier: MIT */
/* libcurl as a library that may be absent: loading it, choosing the trusted certificates, saying what went wrong. Knows no
 * request. Surprising: it is never unloaded, because TLS libraries leave exit handlers behind.
 *
 * Certificates: parsing the usual bundle costs 20 ms a connection, because libcurl cannot keep the result where a folder
 * is configured beside it. A folder hashed the OpenSSL way holds the same roots and is read one file at a time. */
#include "core/io/http_priv.h"
#include "core/base/mem.h"

#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

const char *const curl_library_names[] = { "libcurl.so.4", "libcurl-gnutls.so.4", NULL };

static bool find_functions(struct curl_api *c, void *library, const char *name, struct err *e)
{
    static const struct {
        const char *name;
        size_t offset;
    } functions[] = {
#define X(fn) { "curl_" #fn, offsetof(struct curl_api, fn) },
        CURL_FUNCTIONS(X)
#undef X
    };
    void *function;
    size_t i;

    for (i = 0; i < ARRAY_LEN(functions); i++) {
        function = dlsym(library, functions[i].name);
        if (!function) {
            err_set(e, ERR_UNSUPPORTED, "'%s' has no %s: install another libcurl", name, functions[i].name);
            return false;
        }
        memcpy((char *)c + functions[i].offset, &function, sizeof function);
    }
    return true;
}

int curl_load(struct curl_api *c, const char *const names[], struct err *e)
{
    const curl_version_info_data *info;
    void *library = NULL;

    for (; *names && !library; names++)
        library = dlopen(*names, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library)
        return err_set(e, ERR_UNSUPPORTED, "no libcurl found: install it (Debian: apt install libcurl4)");
    if (!find_functions(c, library, names[-1], e))
        return ERR_UNSUPPORTED;
    if (c->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(e, ERR_UNSUPPORTED, "libcurl does not start");
    info = c->version_info(CURLVERSION_NOW);
    snprintf(c->version, sizeof c->version, "%s %s%s%s", info->version, info->ssl_version ? info->ssl_version : "(no TLS)",
             info->age >= CURLVERSION_SIXTH && info->nghttp2_version ? " nghttp2/" : "",
             info->age >= CURLVERSION_SIXTH && info->nghttp2_version ? info->nghttp2_version : "");
    c->holds_resets = info->version_num >= 0x075800 && info->version_num < 0x080f00;
    return 0;
}

/* Does the folder hold certificates under names as OpenSSL looks them up ("4a6481c9.0")? */
static bool is_hashed(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    bool found = false;

    while (dir && !found && (entry = readdir(dir)))
        found = strlen(entry->d_name) == 10 && strspn(entry->d_name, "0123456789abcdef") == 8 &&
                strcmp(entry->d_name + 8, ".0") == 0;
    if (dir)
        closedir(dir);
    return found;
}

/* A bundle that is newer than the folder was edited by hand and may hold more. */
static bool is_enough(const char *dir, const char *bundle)
{
    struct stat of_dir, of_bundle;

    if (!dir || stat(dir, &of_dir) < 0 || !is_hashed(dir))
        return false;
    if (!bundle || stat(bundle, &of_bundle) < 0)
        return true;
    return of_bundle.st_mtim.tv_sec != of_dir.st_mtim.tv_sec ? of_bundle.st_mtim.tv_sec < of_dir.st_mtim.tv_sec
                                                             : of_bundle.st_mtim.tv_nsec <= of_dir.st_mtim.tv_nsec;
}

/* NULL also where it says what libcurl does anyway. */
static const char *setting(const char *name, const char *usual)
{
    const char *value = getenv(name);

    return value && *value && !(usual && strcmp(value, usual) == 0) ? value : NULL;
}

void curl_set_trust(const struct curl_api *c, CURL *easy)
{
    const curl_version_info_data *info = c->version_info(CURLVERSION_NOW);
    bool tells = info->age >= CURLVERSION_SEVENTH;
    const char *file = setting("SSL_CERT_FILE", tells ? info->cainfo : NULL);
    const char *dir = setting("SSL_CERT_DIR", tells ? info->capath : NULL);

    if (!file && !dir) {
        if (!tells || !info->ssl_version || strncmp(info->ssl_version, "OpenSSL/", 8) != 0)
            return;
        if (!is_enough(info->capath, info->cainfo))
            return;
        dir = info->capath;
    }
    c->easy_setopt(easy, CURLOPT_CAINFO, file);
    c->easy_setopt(easy, CURLOPT_CAPATH, dir);
    c->easy_setopt(easy, CURLOPT_PROXY_CAINFO, file);
    c->easy_setopt(easy, CURLOPT_PROXY_CAPATH, dir);
}

struct http_duration http_duration(uint64_t ms)
{
    struct http_duration d;

    snprintf(d.text, sizeof d.text, "%llu %s", (unsigned long long)(ms % 1000 ? ms : ms / 1000), ms % 1000 ? "ms" : "s");
    return d;
}

/* The system's or else libcurl's words, in lower case, without a period. */
static void reason_of(const struct curl_api *c, const struct curl_failure *f, char *text, size_t size)
{
    bool is_silent = !*f->detail || f->code == CURLE_COULDNT_CONNECT; /* where the detail may quote a proxy's password */
    char words[96];
    size_t n;

    snprintf(text, size, "%s", f->os_errno ? strerror_r(f->os_errno, words, sizeof words)
                                           : is_silent ? c->easy_strerror(f->code) : f->detail);
    if (text[0] && islower((unsigned char)text[1]))
        text[0] = (char)tolower((unsigned char)text[0]);
    for (n = strlen(text); n && strchr(". \r\n", text[n - 1]); n--)
        text[n - 1] = '\0';
}

/* Does libcurl speak of the host that was asked for, or of a proxy before it? */
static bool names_peer(const struct curl_failure *f)
{
    struct str host = str_c(f->peer), detail = str_c(f->detail);

    while (host.n && host.p[host.n - 1] != ':')
        host.n--;
    host = str_sub(host, 0, host.n - 1);
    if (str_starts(host, STR("[")))
        host = str_sub(host, 1, host.n - 1);
    return detail.n == 0 || str_find(detail, host) >= 0;
}

void curl_explain(const struct curl_api *c, const struct curl_failure *f, struct err *e)
{
    char reason[CURL_ERROR_SIZE];

    reason_of(c, f, reason, sizeof reason);
    switch (f->code) {
    case CURLE_OPERATION_TIMEDOUT: /* the only limit that libcurl watches */
        err_set(e, ERR_TIMEOUT, "no connection to %s within %s", f->peer, http_duration(f->connect_timeout_ms).text);
        break;
    case CURLE_COULDNT_RESOLVE_HOST:
        err_set(e, ERR_IO, "cannot find the address of %s", f->peer);
        break;
    case CURLE_COULDNT_RESOLVE_PROXY: /* libcurl's words may quote the proxy's password */
        err_set(e, ERR_IO, "cannot reach %s: the proxy of the environment has no address", f->peer);
        break;
    case CURLE_COULDNT_CONNECT:
        err_set(e, ERR_IO, "cannot connect to %s%s: %s", f->peer, names_peer(f) ? "" : " through the environment's proxy",
                reason);
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
        err_set(e, ERR_IO, "no secure connection to %s: %s", f->peer, *f->detail ? f->detail : reason);
        break;
    case CURLE_GOT_NOTHING:
        err_set(e, ERR_IO, "%s closed the connection without an answer", f->peer);
        break;
    case CURLE_PARTIAL_FILE:
        err_set(e, ERR_IO, "%s closed the connection in the middle of its answer", f->peer);
        break;
    case CURLE_UNSUPPORTED_PROTOCOL:
        if (f->was_sent)
            err_set(e, ERR_PROTO, "%s does not answer with HTTP", f->peer);
        else
            err_set(e, ERR_UNSUPPORTED, "cannot reach %s: %s", f->peer, reason);
        break;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        err_set(e, ERR_PROTO, "%s does not keep to HTTP: %s", f->peer, reason);
        break;
    case CURLE_URL_MALFORMAT:
        err_set(e, ERR_INVALID, "the URL for %s is malformed", f->peer);
        break;
    default:
        err_set(e, ERR_IO, "the connection to %s broke: %s", f->peer, reason);
        break;
    }
}
