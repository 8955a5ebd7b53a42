; SPDX-License-Identifier: MIT
(function name: (variable) @name) @function
(declarations (bind name: (variable) @name) @function)
(class_declarations declaration: (signature name: (variable) @name) @method)
(data_type name: (name) @name) @type
(newtype name: (name) @name) @type
(type_synomym name: (name) @name) @type
(class name: (name) @name) @interface
(instance name: (name) @name) @class
