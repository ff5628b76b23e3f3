;;; modelport.el --- Stream answers of language models into buffers  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: convenience, tools
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; A client for `modelport serve', the server between editors and language models.  It needs
;; nothing but jsonrpc.el, which is part of Emacs.
;;
;;     (require 'modelport)
;;     (setq modelport-model "anthropic/claude-sonnet-4-6")
;;     M-x modelport-ask      writes the answer at point, as it arrives; with a region, sends it along
;;     M-x modelport-cancel   stops it; the text so far stays, and one undo removes it
;;     M-x modelport-login    logs in to a provider that has a log-in, such as copilot
;;     M-x modelport-logout   logs out
;;
;; The server reads the keys: set a variable such as ANTHROPIC_API_KEY, or store a key once with
;; `modelport keys set anthropic'.  The usage of each call appears in the echo area;
;; `modelport usage' sums it over all editors, and `modelport budget' shows
;; what is spent of your budgets.
;;
;; The mode line shows what the server is doing with
;;
;;     (add-to-list 'mode-line-misc-info 'modelport-mode-line)

;;; Code:

(require 'cl-lib)
(require 'jsonrpc)
(require 'subr-x)

(defgroup modelport nil
  "Answers of language models in buffers."
  :group 'tools)

(defcustom modelport-command '("modelport" "serve")
  "The server's program and its arguments."
  :type '(repeat string))

(defcustom modelport-model nil
  "The model to use, as \"provider/model\"; nil uses the active connection."
  :type '(choice (const nil) string))

(defcustom modelport-system nil
  "Instructions sent before every prompt, or nil."
  :type '(choice (const nil) string))

(defcustom modelport-parameters nil
  "Parameters of every request, a plist such as (:temperature 0.2)."
  :type 'plist)

(defcustom modelport-open-function #'browse-url
  "Called with the address of a page that a log-in opens; nil opens none.
Over SSH, and on a terminal without a display, none is opened."
  :type '(choice (const nil) function))

(defvar modelport-usage-functions (list #'modelport-show-usage)
  "Called with each recorded call as a plist, also a cancelled or failed one.")

(defconst modelport--cancelled -32800 "The code of the reply to a cancelled request.")

(autoload 'modelport-login "modelport-log-in" nil t)
(autoload 'modelport-logout "modelport-log-in" nil t)
(autoload 'modelport-login-paste "modelport-log-in" nil t)
(autoload 'modelport-log-in--show "modelport-log-in")
(autoload 'modelport-log-in--open "modelport-log-in")
(autoload 'modelport-log-in--cancel-all "modelport-log-in")

(cl-defstruct modelport--job
  stream-id number marker callback request-id cancelled changes tick alone)

(defclass modelport--link (jsonrpc-process-connection)
  ((last-id :initform nil :accessor modelport--last-id))
  :documentation "A connection that keeps the id of its latest request.")

(defvar modelport--connection nil "The connection to the running server, or nil.")
(defvar modelport--jobs nil "The answers that are being written.")
(defvar modelport--count 0 "How many requests have been sent.")
(defvar modelport--last-call nil "The call that was recorded last.")

(defvar modelport-status nil
  "What the server is busy with, as a text; nil when it is idle.")

(defvar modelport-mode-line '(modelport-status (" [" modelport-status "]"))
  "What the server is busy with, for `mode-line-misc-info'.")
(put 'modelport-mode-line 'risky-local-variable t)

(cl-defmethod jsonrpc-connection-send :before
  ((connection modelport--link) &key id method &allow-other-keys)
  "Keep the ID of a request with METHOD sent on CONNECTION, for its cancellation."
  (when (and id method)
    (setf (modelport--last-id connection) id)))

;;; Asking

;;;###autoload
(defun modelport-ask (prompt &optional callback)
  "Send PROMPT, and write the answer at point as it arrives.
With an active region its text goes along, and the answer comes after it.
CALLBACK is called once at the end, with the whole answer as a plist, or nil
and the error.  Return the answer's stream id."
  (interactive "sAsk: ")
  (barf-if-buffer-read-only)
  (when (use-region-p)
    (setq prompt (format "%s\n\n%s" prompt (buffer-substring-no-properties (region-beginning) (region-end))))
    (goto-char (region-end))
    (deactivate-mark)
    (unless (bolp) (insert "\n")))
  (let* ((connection (modelport--connect))
         (number (cl-incf modelport--count))
         (stream-id (format "emacs-%d" number))
         (job (make-modelport--job
               :stream-id stream-id :number number :marker (copy-marker (point) t) :callback (or callback #'ignore)
               :changes (prepare-change-group) :alone t)))
    (push job modelport--jobs)
    (condition-case trouble
        (progn
          (jsonrpc-async-request
           connection :completion/create
           (modelport--clean
            ;; What stands in the buffer is not taken back.
            `( :streamId ,stream-id :resets :json-false :messages [(:role "user" :content ,prompt)]
               ,@(and modelport-model `(:model ,modelport-model))
               ,@(and modelport-system `(:system ,modelport-system))
               ,@(and modelport-parameters `(:parameters ,modelport-parameters))))
           ;; A model may think for minutes; the server has limits of its own.
           :timeout nil
           :success-fn (lambda (completion) (modelport--finish job completion nil))
           :error-fn (lambda (refusal) (modelport--finish job nil refusal)))
          (setf (modelport--job-request-id job) (modelport--last-id connection)))
      (error
       ;; It was not sent, so that no reply would end it.
       (modelport--finish job nil (list :message (error-message-string trouble)))))
    stream-id))

(defun modelport--clean (value)
  "VALUE with each character that is no Unicode replaced in its strings.
A buffer may hold any bytes, which JSON may not."
  (cond
   ((stringp value)
    (replace-regexp-in-string "[^\0-\xd7ff\xe000-\x10ffff]" "\xfffd" (string-to-multibyte value) t t))
   ((consp value) (cons (modelport--clean (car value)) (modelport--clean (cdr value))))
   ((vectorp value) (vconcat (mapcar #'modelport--clean value)))
   (t value)))

;;;###autoload
(defun modelport-cancel ()
  "Stop all answers that are being written; the text so far stays.
Log-ins under way end, too."
  (interactive)
  (mapc #'modelport--cancel modelport--jobs)
  (modelport-log-in--cancel-all))

(defun modelport-running ()
  "How many answers are being written."
  (length modelport--jobs))

(defun modelport-quit ()
  "End the server."
  (interactive)
  (when-let ((connection modelport--connection))
    (when (jsonrpc-running-p connection)
      (jsonrpc-request connection :shutdown nil :timeout 3)
      (jsonrpc-notify connection :exit nil)
      (with-timeout (3)
        (while (jsonrpc-running-p connection)
          (accept-process-output nil 0.05))))
    (jsonrpc-shutdown connection)))

;;; Usage

(defun modelport-usage ()
  "The last call as one line, or nil; fit for a mode line."
  (when-let ((call modelport--last-call))
    (let* ((usage (plist-get call :usage))
           (about (if (eq (plist-get usage :estimated) t) "~" ""))
           (micros (plist-get usage :usdMicros)))
      (concat
       (format "%s/%s: %s%d in, %s%d out" (plist-get call :provider) (plist-get call :model)
               about (plist-get usage :inputTokens) about (plist-get usage :outputTokens))
       (and micros (format ", $%.4f" (/ micros 1e6)))
       (format ", %.1f s" (/ (plist-get usage :latencyMs) 1000.0))
       (unless (equal (plist-get call :outcome) "ok")
         (format " (%s)" (plist-get call :outcome)))))))

(defun modelport-show-usage (_call)
  "Show the usage of the last call in the echo area."
  (message "%s" (modelport-usage)))

;;; The connection

(defun modelport--connect ()
  "The connection to the server, which is started if necessary."
  (unless (and modelport--connection (jsonrpc-running-p modelport--connection))
    (let ((connection
           (make-instance
            'modelport--link
            :name "modelport"
            :events-buffer-scrollback-size 0
            :notification-dispatcher #'modelport--notified
            :request-dispatcher #'modelport--requested
            :on-shutdown #'modelport--gone
            :process #'modelport--start)))
      (condition-case trouble
          (progn
            (jsonrpc-request
             connection :initialize
             `( :processId ,(emacs-pid)
                :clientInfo (:name "Emacs" :version ,emacs-version)
                :rootPath ,(expand-file-name default-directory)
                :capabilities (:window (:showDocument (:support t)))))
            (jsonrpc-notify connection :initialized (make-hash-table)))
        (error
         (jsonrpc-shutdown connection)
         (signal (car trouble) (cdr trouble))))
      (setq modelport--connection connection)))
  modelport--connection)

(defun modelport--start ()
  "Start the server."
  (make-process
   :name "modelport" :command modelport-command :connection-type 'pipe
   :coding 'utf-8-emacs-unix :noquery t :stderr (get-buffer-create "*modelport stderr*")))

(defun modelport--gone (connection)
  "Drop CONNECTION; jsonrpc has reported the end to each pending request."
  (when (eq connection modelport--connection)
    (setq modelport--connection nil)
    (modelport--show-status nil)))

(defun modelport--show-status (text)
  "Show TEXT, what the server is busy with, in the mode lines; nil clears it."
  (unless (equal text modelport-status)
    (setq modelport-status text)
    (force-mode-line-update t)))

(defun modelport--notified (_connection method params)
  "Handle the notification METHOD with PARAMS."
  (pcase method
    ('completion/update
     (let ((update (plist-get params :update))
           (job (cl-find (plist-get params :streamId) modelport--jobs
                         :key #'modelport--job-stream-id :test #'equal)))
       (when (and job (equal (plist-get update :kind) "text"))
         (modelport--write job (plist-get update :text)))))
    ('credential/update (modelport-log-in--show params))
    ('status/changed
     (modelport--show-status
      (and (eq (plist-get params :busy) t) (or (plist-get params :message) "busy"))))
    ('usage/updated
     (setq modelport--last-call (plist-get params :call))
     (run-hook-with-args 'modelport-usage-functions modelport--last-call))))

(defun modelport--requested (_connection method params)
  "Reply to the request METHOD of the server with PARAMS."
  (pcase method
    ('window/showDocument
     (list :success (if (modelport-log-in--open (plist-get params :uri)) t :json-false)))
    (_ (signal 'jsonrpc-error '("Unknown method" (jsonrpc-error-code . -32601))))))

(defun modelport--write (job text)
  "Insert TEXT after the last text of JOB."
  (let ((buffer (marker-buffer (modelport--job-marker job))))
    (cond
     ((modelport--job-cancelled job))
     ((not (buffer-live-p buffer)) (modelport--cancel job))
     (t
      (condition-case trouble
          ;; jsonrpc, which calls this, lifts the protection for a buffer of its own.
          (let ((inhibit-read-only nil))
            (with-current-buffer buffer
              (barf-if-buffer-read-only)
              (let ((tick (modelport--job-tick job)))
                (unless (memql tick (list nil (buffer-chars-modified-tick)))
                  (setf (modelport--job-alone job) nil)))
              (modelport--insert job (string-replace "\r" "" text))
              (setf (modelport--job-tick job) (buffer-chars-modified-tick))))
        ;; The buffer or the text in it is read-only by now, or one of its hooks fails.
        (error
         (message "Modelport: %s" (error-message-string trouble))
         (modelport--cancel job)))))))

(defun modelport--insert (job text)
  "Insert TEXT at the end of JOB, which keeps earlier answers that end there apart."
  (let* ((marker (modelport--job-marker job))
         (earlier (cl-remove-if-not
                   (lambda (other)
                     (and (< (modelport--job-number other) (modelport--job-number job))
                          (equal (modelport--job-marker other) marker)))
                   modelport--jobs))
         (start (marker-position marker)))
    (save-excursion
      ;; It may lie outside of what the buffer is narrowed to.
      (save-restriction
        (widen)
        (goto-char marker)
        (insert text)
        (dolist (other earlier)
          (set-marker (modelport--job-marker other) start))))))

(defun modelport--cancel (job)
  "Cancel JOB; it ends with the reply of the server."
  (unless (modelport--job-cancelled job)
    (setf (modelport--job-cancelled job) t)
    (if (and modelport--connection (jsonrpc-running-p modelport--connection) (modelport--job-request-id job))
        (jsonrpc-notify modelport--connection :$/cancelRequest (list :id (modelport--job-request-id job)))
      ;; There is no server that would reply.
      (modelport--finish job nil (list :code modelport--cancelled :message "cancelled")))))

(defun modelport--finish (job completion refusal)
  "End JOB with the whole COMPLETION, or with REFUSAL."
  (setq modelport--jobs (delq job modelport--jobs))
  (let ((buffer (marker-buffer (modelport--job-marker job))))
    (when (buffer-live-p buffer)
      (with-current-buffer buffer
        ;; The buffer has had no other change: one undo shall remove the whole answer.
        (when (and (modelport--job-alone job)
                   (eql (modelport--job-tick job) (buffer-chars-modified-tick)))
          (undo-amalgamate-change-group (modelport--job-changes job))))
      (set-marker (modelport--job-marker job) nil)))
  (unless (or (null refusal) (eql (plist-get refusal :code) modelport--cancelled))
    (message "Modelport: %s" (plist-get refusal :message)))
  (funcall (modelport--job-callback job) completion refusal))

(provide 'modelport)
;;; modelport.el ends here
