;;; eglot.el --- eglot against the real server -*- lexical-binding: t -*-
;; SPDX-License-Identifier: MIT
;;; Commentary:
;; Emacs in batch mode, with SWITCHYARD and SAMPLE set: completion at point as a user has it, and inline completion
;; over eglot's connection, which knows nothing of it.
;;; Code:
(setq make-backup-files nil create-lockfiles nil)
(package-initialize)
(require 'eglot)
(require 'cc-mode)
(setq eglot-sync-connect 10)
(add-to-list 'eglot-server-programs (list 'c-mode (getenv "SWITCHYARD") "lsp"))

(defvar failed nil "Whether a test has failed.")

(defun report (name ok got)
  "Print the result NAME, and what was GOT unless it is OK."
  (princ (format "%s - eglot: %s\n" (if ok "ok" "not ok") name))
  (unless ok
    (setq failed t)
    (princ (format "    got %S\n" got))))

(defun current-line ()
  "The text of the caret's line."
  (buffer-substring-no-properties (line-beginning-position) (line-end-position)))

(defun ask (method params)
  "Send a request METHOD with PARAMS after the pending changes."
  (eglot--signal-textDocument/didChange)
  (jsonrpc-request (eglot--current-server-or-lose) method params :timeout 10))

(condition-case err
    (progn
      (find-file (getenv "SAMPLE"))
      (c-mode)
      (call-interactively #'eglot)
      (report "connects" (eglot-managed-p) nil)
      (goto-char (point-max))
      (skip-chars-backward "\n")
      (delete-region (point) (point-max))
      (insert "t")
      (completion-at-point)
      (report "completion at point"
              (string-prefix-p "    /* größer 🙂 */ int height = rect->bottom - rect->top;" (current-line)) (current-line))
      (search-backward "tom - rect")
      (delete-region (point) (point-max))
      (insert "t")
      (let* ((result (ask :textDocument/inlineCompletion
                          (append (eglot--TextDocumentPositionParams) '(:context (:triggerKind 1)))))
             (items (plist-get result :items))
             (item (and (> (length items) 0) (aref items 0))))
        (report "inline completion" (and item (string-prefix-p "om - rect->top;" (plist-get item :insertText))) result)
        (when item
          (report "its range is the caret's line"
                  (= (plist-get (plist-get (plist-get item :range) :end) :line) (1- (line-number-at-pos))) item)
          (let ((command (plist-get item :command)))
            (eglot-execute-command (eglot--current-server-or-lose) (plist-get command :command)
                                   (plist-get command :arguments))
            (report "acceptance by the command"
                    (string-match-p ":accepted 1\\_>" (format "%S" (ask :switchyard/status nil))) nil))))
      (set-buffer-modified-p nil)
      (let ((process (jsonrpc--process (eglot--current-server-or-lose))))
        (eglot-shutdown (eglot--current-server-or-lose))
        ;; eglot kills the process right after `exit', so its status says nothing.
        (report "the server ends" (not (process-live-p process)) (process-status process))))
  (error (report "the script" nil err)))
(set-buffer-modified-p nil)
(kill-emacs (if failed 1 0))
;;; eglot.el ends here
