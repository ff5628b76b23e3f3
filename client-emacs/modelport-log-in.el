;;; modelport-log-in.el --- Log in to providers of models  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Part of modelport.el.  What to do for a log-in stands in a buffer until the log-in has ended,
;; the code is copied, and the page is opened with `browse-url'.  In that buffer C-g and q cancel,
;; and p asks for the address that a browser on another machine ended at.

;;; Code:

(require 'cl-lib)
(require 'jsonrpc)
(require 'modelport)

(cl-defstruct modelport-log-in--one
  provider name callback connection request-id update buffer window-buffer cancelled)

(defvar modelport-log-in--running nil "The log-ins under way, the latest one first.")
(defvar-local modelport-log-in--mine nil "The log-in that this buffer is about.")

(defvar modelport-log-in-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map "q" #'modelport-log-in-quit)
    (define-key map [remap keyboard-quit] #'modelport-log-in-quit)
    (define-key map "p" #'modelport-login-paste)
    map)
  "Keys of a buffer that says what to do for a log-in.")

(define-derived-mode modelport-log-in-mode special-mode "Log-in"
  "What to do for a log-in.")

(defun modelport-log-in--name (provider)
  "Read the name of a connection to PROVIDER, or return nil for its own."
  (let ((name (read-string (format "Name of the account at %s (default: none): " provider))))
    (unless (string-empty-p name) name)))

(defun modelport-log-in--providers ()
  "The ids of the providers that have a log-in."
  (let ((listed (jsonrpc-request (modelport--connect) :provider/list (make-hash-table))))
    (cl-loop for provider across (plist-get listed :providers)
             when (plist-get provider :loginMethods) collect (plist-get provider :id))))

(defun modelport-log-in--read (prompt)
  "Read a provider with PROMPT, and with a prefix argument a name; return both."
  (let ((provider (completing-read prompt (modelport-log-in--providers) nil t)))
    (list provider (and current-prefix-arg (modelport-log-in--name provider)))))

;;;###autoload
(defun modelport-login (provider &optional name method callback)
  "Log in to PROVIDER, and show what to do until that is done.
With a prefix argument, NAME is read: that of a connection, such as one to a
second account.  METHOD is \"device\" or \"code\"; nil is the provider's first.
CALLBACK is called once at the end, with the status of the credential as a
plist, or nil and the error."
  (interactive (modelport-log-in--read "Log in to: "))
  (let* ((connection (modelport--connect))
         (one (make-modelport-log-in--one
               :provider provider :name name :callback (or callback #'ignore) :connection connection
               :window-buffer (window-buffer))))
    (push one modelport-log-in--running)
    (jsonrpc-async-request
     connection :credential/login
     `(:provider ,provider ,@(and name `(:name ,name)) ,@(and method `(:method ,method)))
     ;; The provider has a limit of its own.
     :timeout nil
     :success-fn (lambda (status) (modelport-log-in--finish one status nil))
     :error-fn (lambda (refusal) (modelport-log-in--finish one nil refusal)))
    (setf (modelport-log-in--one-request-id one) (modelport--last-id connection))))

;;;###autoload
(defun modelport-logout (provider &optional name)
  "Log out of PROVIDER, or of its connection NAME.
With a prefix argument, NAME is read."
  (interactive (modelport-log-in--read "Log out of: "))
  (message "Modelport: %s"
           (modelport-log-in--outcome
            (jsonrpc-request
             (modelport--connect) :credential/logout `(:provider ,provider ,@(and name `(:name ,name))))
            name)))

(defun modelport-log-in--outcome (status name)
  "What logging out of the connection NAME has done, by STATUS of what is used now."
  (let ((provider (plist-get status :provider))
        (source (plist-get status :source))
        (where (or (plist-get status :location) (plist-get status :source))))
    (if (and (member source '("keyring" "client"))
             (equal (plist-get status :name) name)
             (not (eq (plist-get status :loggedIn) t)))
        ;; What a log-in had stored would be deleted, and this is no other account.
        (format "no log-in of %s is stored: its key in %s was typed in, and stays" provider where)
      (format "logged out of %s%s%s" provider
              (if name (format " for %s" name) "")
              (if (member source '("none" "notRequired")) "" (format "; now %s is used" where))))))

;;;###autoload
(defun modelport-login-paste (text)
  "Give the log-in under way TEXT, the address that the browser ended at.
This is for a browser on another machine, which cannot reach this one."
  (interactive (list (progn (modelport-log-in--waiting)
                            ;; No history keeps what is read so.
                            (read-passwd "The address that the browser ended at: "))))
  (let ((one (modelport-log-in--waiting)))
    (jsonrpc-request
     (modelport-log-in--one-connection one) :credential/input
     `( :provider ,(plist-get (modelport-log-in--one-update one) :provider)
        ,@(and (modelport-log-in--one-name one) `(:name ,(modelport-log-in--one-name one)))
        :text ,(string-trim text)))))

(defun modelport-log-in--waiting ()
  "The log-in that waits for an address: this buffer's, or the latest."
  (or (cl-find-if (lambda (one)
                    (let ((update (modelport-log-in--one-update one)))
                      (and update (not (plist-get update :userCode)))))
                  (if modelport-log-in--mine (list modelport-log-in--mine) modelport-log-in--running))
      (user-error "No log-in waits for an address: begin one with M-x modelport-login")))

(defun modelport-log-in-quit ()
  "Cancel the log-in that this buffer is about."
  (interactive)
  (when modelport-log-in--mine
    (modelport-log-in--cancel modelport-log-in--mine)))

(defun modelport-log-in--cancel (one)
  "Cancel ONE; it ends with the reply of the server."
  (unless (modelport-log-in--one-cancelled one)
    (setf (modelport-log-in--one-cancelled one) t)
    (modelport-log-in--close one)
    (when (jsonrpc-running-p (modelport-log-in--one-connection one))
      (jsonrpc-notify (modelport-log-in--one-connection one) :$/cancelRequest
                      (list :id (modelport-log-in--one-request-id one))))))

(defun modelport-log-in--cancel-all ()
  "Cancel all log-ins under way."
  (mapc #'modelport-log-in--cancel modelport-log-in--running))

(defun modelport-log-in--updated (params)
  "The log-in that PARAMS of credential/update are for."
  (let ((fits (cl-remove-if-not
               (lambda (one)
                 (and (null (modelport-log-in--one-update one))
                      (equal (modelport-log-in--one-name one) (plist-get params :name))))
               modelport-log-in--running)))
    (or (cl-find (plist-get params :provider) fits :key #'modelport-log-in--one-provider :test #'equal)
        ;; An alias of the provider was named.
        (car fits))))

(defun modelport-log-in--show (params)
  "Show what PARAMS of credential/update want the user to do."
  (when-let ((one (modelport-log-in--updated params)))
    (setf (modelport-log-in--one-update one) params)
    (unless (modelport-log-in--one-cancelled one)
      (let* ((whom (or (modelport-log-in--one-name one) (plist-get params :provider)))
             (buffer (generate-new-buffer (format "*Modelport log-in: %s*" whom)))
             (code (plist-get params :userCode))
             (page (plist-get params :verificationUri))
             (what (if code (format "Enter the code %s at %s" code page) (format "Log in at %s" page))))
        (setf (modelport-log-in--one-buffer one) buffer)
        (with-current-buffer buffer
          (modelport-log-in-mode)
          (setq modelport-log-in--mine one)
          (let ((inhibit-read-only t))
            (insert (if-let ((notice (plist-get params :notice))) (concat notice "\n\n") "")
                    what "\n\n"
                    (if code "The code is copied.\n"
                      (concat "The address is copied.  Where the browser is on another machine, "
                              "paste the address that it ends at: p\n"))
                    "Cancel: C-g or q\n")
            (goto-char (point-min))))
        (kill-new (or code page))
        ;; It stays in *Messages*, also where the buffer is buried.
        (message "Modelport: %s" what)
        (modelport-log-in--pop one)))))

(defun modelport-log-in--pop (one)
  "Show the buffer of ONE, and select it for a user who is still where they began."
  (let ((buffer (modelport-log-in--one-buffer one)))
    (if (and (eq (window-buffer) (modelport-log-in--one-window-buffer one))
             (zerop (minibuffer-depth)))
        (pop-to-buffer buffer)
      (display-buffer buffer))))

(defun modelport-log-in--close (one)
  "Remove the buffer of ONE with its window."
  (when-let ((buffer (modelport-log-in--one-buffer one)))
    (when (buffer-live-p buffer)
      (if-let ((window (get-buffer-window buffer t)))
          (quit-window t window)
        (kill-buffer buffer)))))

(defun modelport-log-in--finish (one status refusal)
  "End ONE with the STATUS of its credential, or with REFUSAL."
  (setq modelport-log-in--running (delq one modelport-log-in--running))
  (modelport-log-in--close one)
  (cond
   (status
    (message "Modelport: logged in to %s%s, kept in %s" (plist-get status :provider)
             (if-let ((name (plist-get status :name))) (format " for %s" name) "")
             (or (plist-get status :location) (plist-get status :source))))
   ((not (eql (plist-get refusal :code) modelport--cancelled))
    (message "Modelport: %s" (plist-get refusal :message))))
  (funcall (modelport-log-in--one-callback one) status refusal))

(defun modelport-log-in--in-front-p ()
  "Whether a browser that is opened here would be in front of the user."
  (and (not (or (getenv "SSH_CONNECTION") (getenv "SSH_TTY")))
       (or (memq system-type '(darwin windows-nt cygwin))
           (getenv "DISPLAY")
           (getenv "WAYLAND_DISPLAY"))))

(defun modelport-log-in--open (uri)
  "Open URI in a browser; return non-nil if that was tried.
The page stays in the buffer of the log-in."
  (and modelport-open-function
       (modelport-log-in--in-front-p)
       (condition-case trouble
           ;; A browser inside Emacs must not take the place of what to do.
           (save-window-excursion (funcall modelport-open-function uri) t)
         (error
          (message "Modelport: %s" (error-message-string trouble))
          nil))))

(provide 'modelport-log-in)
;;; modelport-log-in.el ends here
