/* SPDX-License-Identifier: MIT */
/* Diagnostics to stderr (or a file): one line each, level and module in front, never the text of a document and never
 * a key. stdout is the LSP wire and is never written here. Only the L3 layers log above debug; the rest return errors.
 * The level and the sink are two of the program's few globals. Thread-safe: one write(2) per line. */
#ifndef CORE_BASE_LOG_H
#define CORE_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);
bool log_set_level_name(const char *name); /* "error" … "debug"; false if unknown */
bool log_set_file(const char *path);       /* appended to, mode 0600; false (and stderr stays) if it cannot be opened */
bool log_on(enum log_level level);
void log_line(enum log_level level, const char *module, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#define log_error(...) log_line(LOG_ERROR, LOG_MODULE, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, LOG_MODULE, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, LOG_MODULE, __VA_ARGS__)
#define log_debug(...) (log_on(LOG_DEBUG) ? log_line(LOG_DEBUG, LOG_MODULE, __VA_ARGS__) : (void)0)

/* "Cannot happen, but survivable": logs once per place and is true. The caller fails that one task and goes on. */
#define BUG_ON(cond)                                                                                                   \
    (__extension__({                                                                                                   \
        static bool bug_told;                                                                                          \
        __builtin_expect(!!(cond), 0) && log_bug(&bug_told, __FILE__, __LINE__, #cond);                                \
    }))
bool log_bug(bool *told, const char *file, int line, const char *what); /* always true */

#endif
