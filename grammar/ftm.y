/* Grammar of .ftm files (EBNF and rules: README.md). Pure and reentrant; actions build the tree of
 * compiler/lang/ast.h. An error is reported and parsing goes on with the next line, so that one run
 * shows many. */
%define api.prefix {ftm_}
%define api.pure full
%define api.location.type {struct place}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param {void *scanner}
%parse-param {struct parser *p}

%code requires {
#include "parse.h"
}

%code {
#include "str.h"

#include <string.h>

int ftm_lex(FTM_STYPE *value, struct place *place, void *scanner);
static void ftm_error(const struct place *place, void *scanner, struct parser *p, const char *text);

#define YYLLOC_DEFAULT(Current, Rhs, N)                          \
    do {                                                         \
        (Current) = YYRHSLOC(Rhs, (N) ? 1 : 0);                  \
        if (N)                                                   \
            (Current).end = YYRHSLOC(Rhs, N).end;                \
        else                                                     \
            (Current).begin = (Current).end;                     \
    } while (0)

#define SPAN(place) parser_span(p, place)
#define NEW(type) arena_new(p->arena, type)
#define END(decl) ((decl)->damaged = p->damaged, p->damaged = false)
#define PUSH(to, ...) vec_push(p->arena, &(to)->list, __VA_ARGS__)
}

%union {
    const char *text;
    int64_t integer;
    double real;
    struct decls *decls;
    struct decl *decl;
    struct params *params;
    struct param param;
    struct stmts *stmts;
    struct stmt *stmt;
    struct expr *expr;
    struct exprs *exprs;
    struct args *args;
    struct arg arg;
    struct label *label;
    struct label_part label_part;
    struct recipe_stmts *recipe_stmts;
    struct recipe_stmt *recipe_stmt;
    struct patterns *patterns;
    struct pattern pattern;
}

%token YYEOF 0 "end of file"
%token START_FILE "a file" START_VALUES "values"
%token NEWLINE "end of line"
%token <text> NAME "name" PATH "dotted name" STRING "string" LABEL_TEXT "label"
%token LABEL_OPEN "'{' of a label" LABEL_CLOSE "'}' of a label" LABEL_END "':'"
%token <integer> INTEGER "integer"
%token <real> FLOAT "number" PERCENT "percentage" FACTOR "factor" EPOCHS "number of epochs"
%token RANGE "'..<'" SHL "'<<'" EQ "'=='" NE "'!='" LE "'<='" GE "'>='"
%token AND "'and'" OR "'or'" NOT "'not'" IF "'if'" ELSE "'else'" FOR "'for'" IN "'in'"
%token RETURN "'return'" OUTPUT "'output'" TRUE "'true'" FALSE "'false'" IMPORT "'import'"
%token <text> ADAPT "'adapt'" AFTER "'after'" BEFORE "'before'" BLOCK "'block'" DATA "'data'" FINETUNE "'finetune'"
%token <text> FREEZE "'freeze'" FROM "'from'" GROUP "'group'" INSERT "'insert'" MODEL "'model'" PREPROCESS "'preprocess'"
%token <text> OVER "'over'" PHASE "'phase'" PUBLISHED "'published'"
%token <text> REMOVE "'remove'"
%token <text> RENAME "'rename'" REPLACE "'replace'" SEARCH "'search'" SET "'set'" SKIP "'skip'"
%token <text> STATISTICS "'statistics'"
%token <text> STRIP "'strip'" TEACHER "'teacher'" TO "'to'" TRAIN "'train'" TRANSFORM "'transform'" WITH "'with'"

%type <decls> decls
%type <decl> decl
%type <params> params params1
%type <param> param
%type <stmts> body stmts
%type <stmt> stmt branch
%type <expr> expr call postfix primary
%type <exprs> exprs exprs1
%type <args> args args1
%type <arg> arg
%type <label> label label_parts
%type <label_part> label_part
%type <recipe_stmts> recipe_body recipe_stmts items items1 factors searched searched1
%type <recipe_stmt> recipe_stmt item factor search_item
%type <patterns> patterns
%type <pattern> pattern
%type <text> name path

%right IF
%left OR
%left AND
%precedence NOT
%nonassoc EQ NE LE GE '<' '>'
%left SHL
%left '+' '-'
%left '*' '/' '%'
%precedence NEGATION

%%

start: START_FILE decls end           { p->decls = $2; }
     | START_VALUES exprs1 end        { p->values = $2; }
     ;

end: %empty | NEWLINE;

/* ---- declarations ----------------------------------------------------------------------------*/

decls: %empty                         { $$ = NEW(struct decls); }
     | decl                           { $$ = NEW(struct decls); if ($1) PUSH($$, $1); }
     | decls NEWLINE decl             { $$ = $1; if ($3) PUSH($$, $3); }
     ;

decl: IMPORT STRING                   { $$ = ast_decl(p, DECL_IMPORT, $2, @2); }
    | BLOCK name '(' params ')' body
                                      { $$ = ast_decl(p, DECL_BLOCK, $2, @2); $$->params = $4;
                                        $$->body = $6; END($$); }
    | MODEL name '(' params ')' body
                                      { $$ = ast_decl(p, DECL_MODEL, $2, @2); $$->params = $4;
                                        $$->body = $6; END($$); }
    | MODEL name '(' params ')' '=' call
                                      { $$ = ast_decl(p, DECL_MODEL, $2, @2); $$->params = $4;
                                        $$->preset = $7; END($$); }
    | PREPROCESS name '=' exprs1      { $$ = ast_decl(p, DECL_PREPROCESS, $2, @2); $$->steps = $4;
                                        $$->text = parser_text(p, @4); }
    | PUBLISHED name items            { $$ = ast_decl(p, DECL_PUBLISHED, $2, @2); $$->recipe = $3;
                                        END($$); }
    | FINETUNE name recipe_body
                                      { $$ = ast_decl(p, DECL_FINETUNE, $2, @2); $$->recipe = $3;
                                        END($$); }
    | FINETUNE name '=' name recipe_body
                                      { $$ = ast_decl(p, DECL_FINETUNE, $2, @2); $$->recipe = $5;
                                        $$->base = $4; $$->base_span = SPAN(@4); END($$); }
    | error                           { $$ = NULL; parser_recover(p); }
    ;

params: %empty                        { $$ = NEW(struct params); }
      | params1
      | params1 ','
      ;

params1: param                        { $$ = NEW(struct params); PUSH($$, $1); }
       | params1 ',' param            { $$ = $1; PUSH($$, $3); }
       ;

param: name
                                      { $$ = (struct param){.name = $1, .span = SPAN(@1)};
                                        }
     | name '=' expr
                                      { $$ = (struct param){.name = $1, .value = $3, .span = SPAN(@1)};
                                        }
     | LABEL_TEXT LABEL_END name '[' exprs1 ']'
                                      { $$ = (struct param){.name = $1, .dtype = $3, .dims = $5, .span = SPAN(@1)};
                                        }
     | LABEL_TEXT LABEL_END name '[' ']'
                                      { $$ = (struct param){.name = $1, .dtype = $3, .dims = NEW(struct exprs), .span = SPAN(@1)};
                                        }
     ;

/* ---- statements of blocks and models ---------------------------------------------------------*/

body: '{' '}'                         { $$ = NEW(struct stmts); }
    | '{' stmts end '}'               { $$ = $2; }
    ;

stmts: stmt                           { $$ = NEW(struct stmts); if ($1) PUSH($$, $1); }
     | stmts NEWLINE stmt             { $$ = $1; if ($3) PUSH($$, $3); }
     ;

stmt: name '=' expr
                                      { $$ = ast_stmt(p, STMT_ASSIGN, @1); $$->name = $1;
                                        $$->value = $3; }
    | RETURN expr                     { $$ = ast_stmt(p, STMT_RETURN, @1); $$->value = $2; }
    | OUTPUT name '=' expr
                                      { $$ = ast_stmt(p, STMT_OUTPUT, @2); $$->name = $2;
                                        $$->value = $4; }
    | FOR name IN expr RANGE expr body
                                      { $$ = ast_stmt(p, STMT_FOR, @2); $$->name = $2;
                                        $$->value = $4; $$->to = $6;
                                        ast_bodies(p, $$, $7, NULL); }
    | branch
    | error                           { $$ = NULL; parser_recover(p); }
    ;

branch: IF expr body
                                      { $$ = ast_stmt(p, STMT_IF, @1); $$->value = $2;
                                        ast_bodies(p, $$, $3, NULL); }
      | IF expr body ELSE body
                                      { $$ = ast_stmt(p, STMT_IF, @1); $$->value = $2;
                                        ast_bodies(p, $$, $3, $5); }
      | IF expr body ELSE branch      { struct stmts *other = NEW(struct stmts);
                                        PUSH(other, $5);
                                      $$ = ast_stmt(p, STMT_IF, @1); $$->value = $2;
                                        ast_bodies(p, $$, $3, other); }
      ;

/* ---- expressions -----------------------------------------------------------------------------*/

expr: postfix
    | '-' expr %prec NEGATION         { $$ = ast_unary(p, AST_NEG, $2, @$); }
    | NOT expr                        { $$ = ast_unary(p, AST_NOT, $2, @$); }
    | expr '+' expr                   { $$ = ast_binary(p, AST_ADD, $1, $3, @$); }
    | expr '-' expr                   { $$ = ast_binary(p, AST_SUB, $1, $3, @$); }
    | expr '*' expr                   { $$ = ast_binary(p, AST_MUL, $1, $3, @$); }
    | expr '/' expr                   { $$ = ast_binary(p, AST_DIV, $1, $3, @$); }
    | expr '%' expr                   { $$ = ast_binary(p, AST_MOD, $1, $3, @$); }
    | expr SHL expr                   { $$ = ast_binary(p, AST_SHL, $1, $3, @$); }
    | expr EQ expr                    { $$ = ast_binary(p, AST_EQ, $1, $3, @$); }
    | expr NE expr                    { $$ = ast_binary(p, AST_NE, $1, $3, @$); }
    | expr LE expr                    { $$ = ast_binary(p, AST_LE, $1, $3, @$); }
    | expr GE expr                    { $$ = ast_binary(p, AST_GE, $1, $3, @$); }
    | expr '<' expr                   { $$ = ast_binary(p, AST_LT, $1, $3, @$); }
    | expr '>' expr                   { $$ = ast_binary(p, AST_GT, $1, $3, @$); }
    | expr AND expr                   { $$ = ast_binary(p, AST_AND, $1, $3, @$); }
    | expr OR expr                    { $$ = ast_binary(p, AST_OR, $1, $3, @$); }
    | expr IF expr ELSE expr %prec IF
                                      { $$ = ast_if(p, $1, $3, $5, @$); }
    ;

postfix: primary
       | postfix '[' expr ']'         { $$ = ast_index(p, $1, $3, @$); }
       | postfix '.' NAME             { $$ = ast_attr(p, $1, $3, @$); }
       ;

primary: INTEGER                      { $$ = ast_expr(p, EXPR_INT, @1); $$->integer = $1; }
       | FLOAT                        { $$ = ast_expr(p, EXPR_FLOAT, @1); $$->real = $1; }
       | PERCENT                      { $$ = ast_expr(p, EXPR_PERCENT, @1); $$->real = $1; }
       | EPOCHS                       { $$ = ast_expr(p, EXPR_EPOCHS, @1); $$->real = $1; }
       | FACTOR                       { $$ = ast_expr(p, EXPR_FACTOR, @1); $$->real = $1; }
       | STRING                       { $$ = ast_expr(p, EXPR_STRING, @1); $$->text = $1; }
       | TRUE                         { $$ = ast_expr(p, EXPR_BOOL, @1); $$->integer = 1; }
       | FALSE                        { $$ = ast_expr(p, EXPR_BOOL, @1); }
       | name                         { $$ = ast_expr(p, EXPR_NAME, @1); $$->text = $1; }
       | PATH                         { $$ = ast_path(p, $1, @1); }
       | '(' expr ')'                 { $$ = $2; }
       | '(' expr ',' exprs ')'       { $$ = ast_tuple(p, $2, $4, @$); }
       | '[' exprs ']'                { $$ = ast_list(p, $2, @$); }
       | call
       | label call                   { $$ = ast_labelled(p, $1, $2); }
       ;

call: name '(' args ')'               { $$ = ast_call(p, $1, $3, @1); };

args: %empty                          { $$ = NEW(struct args); }
    | args1
    | args1 ','
    ;

args1: arg                            { $$ = NEW(struct args); PUSH($$, $1); }
     | args1 ',' arg                  { $$ = $1; PUSH($$, $3); }
     ;

arg: expr
                                      { $$ = (struct arg){.value = $1, .span = SPAN(@1)};
                                        }
   | name '=' expr
                                      { $$ = (struct arg){.name = $1, .value = $3, .span = SPAN(@1)};
                                        }
   ;

exprs: %empty                         { $$ = NEW(struct exprs); }
     | exprs1
     | exprs1 ','
     ;

exprs1: expr                          { $$ = NEW(struct exprs); PUSH($$, $1); }
      | exprs1 ',' expr               { $$ = $1; PUSH($$, $3); }
      ;

label: label_parts LABEL_END          { $$ = $1; $$->span = parser_span(p, @1); };

label_parts: label_part
                                      { $$ = NEW(struct label); vec_push(p->arena, &$$->parts, $1);
                                        }
           | label_parts label_part   { $$ = $1; vec_push(p->arena, &$$->parts, $2); }
           ;

label_part: LABEL_TEXT                { $$ = (struct label_part){.text = $1}; }
          | LABEL_OPEN expr LABEL_CLOSE
                                      { $$ = (struct label_part){.expr = $2}; }
          ;

/* Words of the recipe are names everywhere else. */
name: NAME | ADAPT | AFTER | BEFORE | BLOCK | DATA | FINETUNE | FREEZE | FROM | GROUP | INSERT | MODEL | OVER | PHASE | PREPROCESS
    | PUBLISHED | REMOVE | RENAME | REPLACE | SEARCH | SET | SKIP | STATISTICS | STRIP | TEACHER | TO | TRAIN | TRANSFORM | WITH
    ;

/* ---- finetune --------------------------------------------------------------------------------*/

recipe_body: '{' '}'                  { $$ = NEW(struct recipe_stmts); }
           | '{' recipe_stmts end '}' { $$ = $2; }
           ;

recipe_stmts: recipe_stmt             { $$ = NEW(struct recipe_stmts); if ($1) PUSH($$, $1); }
            | recipe_stmts NEWLINE recipe_stmt
                                      { $$ = $1; if ($3) PUSH($$, $3); }
            ;

recipe_stmt: name '=' exprs1
                                      { $$ = ast_recipe(p, RECIPE_SETTING, $1, @1, @$);
                                        $$->values = $3; }
           | name '=' exprs1 items    { $$ = ast_recipe(p, RECIPE_SETTING, $1, @1, @$);
                                        $$->values = $3; $$->items = $4; }
           | DATA items
                                      { $$ = ast_recipe(p, RECIPE_DATA, $1, @1, @$); $$->items = $2;
                                        }
           | TRANSFORM name '=' exprs1
                                      { $$ = ast_recipe(p, RECIPE_TRANSFORM, $2, @2, @$);
                                        $$->values = $4; }
           | PHASE name recipe_body
                                      { $$ = ast_recipe(p, RECIPE_PHASE, $2, @2, @$); $$->items = $3;
                                        }
           | TEACHER name recipe_body
                                      { $$ = ast_recipe(p, RECIPE_TEACHER, $2, @2, @$); $$->items = $3;
                                        }
           | SEARCH searched          { $$ = ast_recipe(p, RECIPE_SEARCH, $1, @1, @$); $$->items = $2;
                                        }
           | REPLACE path WITH call   { $$ = ast_recipe(p, RECIPE_REPLACE, $2, @2, @$);
                                        $$->values = NEW(struct exprs); PUSH($$->values, $4); }
           | INSERT label call AFTER path
                                      { $$ = ast_recipe(p, RECIPE_INSERT_AFTER, $5, @5, @$);
                                      $$->values = NEW(struct exprs);
                                        PUSH($$->values, ast_labelled(p, $2, $3)); }
           | INSERT label call BEFORE path
                                      { $$ = ast_recipe(p, RECIPE_INSERT_BEFORE, $5, @5, @$);
                                      $$->values = NEW(struct exprs);
                                        PUSH($$->values, ast_labelled(p, $2, $3)); }
           | REMOVE path              { $$ = ast_recipe(p, RECIPE_REMOVE, $2, @2, @$); }
           | ADAPT patterns WITH call { $$ = ast_recipe(p, RECIPE_ADAPT, $1, @1, @$);
                                        $$->patterns = $2;
                                        $$->values = NEW(struct exprs); PUSH($$->values, $4); }
           | SET path '=' expr        { $$ = ast_recipe(p, RECIPE_SET, $2, @2, @$);
                                        $$->values = NEW(struct exprs); PUSH($$->values, $4); }
           | SET name '(' name ')' '.' name '=' expr
                                      { const char *whole = arena_printf(p->arena, "%s(%s).%s", $2, $4, $7);
                                        struct place kind = @2;
                                        kind.end = @5.end;
                                        $$ = ast_recipe(p, RECIPE_SET, whole, @2, @$);
                                        $$->values = NEW(struct exprs); PUSH($$->values, $9);
                                        $$->patterns = NEW(struct patterns);
                                        PUSH($$->patterns, ((struct pattern){.text = $4, .is_kind = true,
                                                                             .span = SPAN(kind)}));
                                        ast_check_kind(p, $2, @2); }
           | FREEZE patterns
                                      { $$ = ast_recipe(p, RECIPE_FREEZE, $1, @1, @$);
                                        $$->patterns = $2; }
           | FREEZE STATISTICS patterns
                                      { $$ = ast_recipe(p, RECIPE_FREEZE_STATISTICS, $1, @1, @$);
                                        $$->patterns = $3; }
           | GROUP patterns '{' factors end '}'
                                      { $$ = ast_recipe(p, RECIPE_GROUP, $1, @1, @$);
                                        $$->patterns = $2; $$->items = $4; }
           | TRAIN patterns
                                      { $$ = ast_recipe(p, RECIPE_TRAIN, $1, @1, @$);
                                        $$->patterns = $2; }
           | error                    { $$ = NULL; parser_recover(p); }
           ;

factors: factor                       { $$ = NEW(struct recipe_stmts); PUSH($$, $1); }
       | factors ',' factor           { $$ = $1; PUSH($$, $3); }
       ;

factor: name '=' expr                 { $$ = ast_recipe(p, RECIPE_SETTING, $1, @1, @$);
                                        $$->values = NEW(struct exprs); PUSH($$->values, $3); }
      ;

items: '{' '}'                        { $$ = NEW(struct recipe_stmts); }
     | '{' items1 end '}'             { $$ = $2; }
     ;

items1: item                          { $$ = NEW(struct recipe_stmts); if ($1) PUSH($$, $1); }
      | items1 NEWLINE item           { $$ = $1; if ($3) PUSH($$, $3); }
      ;

item: name '=' exprs1
                                      { $$ = ast_recipe(p, RECIPE_SETTING, $1, @1, @$);
                                        $$->values = $3; }
    | FROM STRING                     { $$ = ast_recipe(p, RECIPE_FROM, $2, @2, @$); }
    | STRIP STRING                    { $$ = ast_recipe(p, RECIPE_STRIP, $2, @2, @$); }
    | SKIP STRING                     { $$ = ast_recipe(p, RECIPE_SKIP, $2, @2, @$); }
    | RENAME STRING TO STRING
                                      { $$ = ast_recipe(p, RECIPE_RENAME, $2, @2, @$);
                                        $$->other = $4; }
    | error                           { $$ = NULL; parser_recover(p); }
    ;

searched: '{' '}'                     { $$ = NEW(struct recipe_stmts); }
        | '{' searched1 end '}'       { $$ = $2; }
        ;

searched1: search_item                { $$ = NEW(struct recipe_stmts); if ($1) PUSH($$, $1); }
         | searched1 NEWLINE search_item
                                      { $$ = $1; if ($3) PUSH($$, $3); }
         ;

search_item: name '=' exprs1          { $$ = ast_recipe(p, RECIPE_SETTING, $1, @1, @$);
                                        $$->values = $3; }
           | OVER path '=' exprs1     { $$ = ast_recipe(p, RECIPE_OVER, $2, @2, @$);
                                        $$->values = $4; }
           | error                    { $$ = NULL; parser_recover(p); }
           ;

patterns: pattern                     { $$ = NEW(struct patterns); PUSH($$, $1); }
        | patterns ',' pattern        { $$ = $1; PUSH($$, $3); }
        ;

pattern: path
                                      { $$ = (struct pattern){.text = $1, .span = SPAN(@1)};
                                        }
       | name '(' name ')'            { $$ = (struct pattern){.text = $3, .is_kind = true,
                                                             .span = SPAN(@$)};
                                        ast_check_kind(p, $1, @1); }
       ;

path: name | PATH | STRING;

%%

static void ftm_error(const struct place *place, void *scanner, struct parser *p, const char *text)
{
    (void)scanner;
    (void)text; /* only the parser's stack can be exhausted: syntax errors take the way below */
    if (!p->too_deep)
        diag_report(p->diag, parser_span(p, *place), DIAG_NESTING, AST_MAX_DEPTH);
    p->too_deep = true;
}

/* Whether an expected token is left out of the message, because a word that stands for it is in. */
static bool implied(yysymbol_kind_t s, bool name, bool expression, bool operator)
{
    if (s == YYSYMBOL_YYEOF || s == YYSYMBOL_YYerror || s == YYSYMBOL_YYUNDEF)
        return s != YYSYMBOL_YYEOF;
    if (name && s >= YYSYMBOL_ADAPT && s <= YYSYMBOL_WITH)
        return true;
    if (expression && (s == YYSYMBOL_NAME || (s >= YYSYMBOL_PATH && s <= YYSYMBOL_LABEL_OPEN) ||
                       (s >= YYSYMBOL_INTEGER && s <= YYSYMBOL_EPOCHS) || s == YYSYMBOL_NOT ||
                       s == YYSYMBOL_TRUE || s == YYSYMBOL_FALSE ||
                       strchr("([-", yysymbol_name(s)[1])))
        return true;
    return operator && s != YYSYMBOL_RANGE &&
           ((s >= YYSYMBOL_SHL && s <= YYSYMBOL_OR) || s == YYSYMBOL_IF ||
            strchr("+-*/%<>.[", yysymbol_name(s)[1]));
}

enum { MAX_EXPECTED = 64, MAX_SHOWN = 7 };

/* "expected ',' or ')'", or nothing when the list is long. */
static void describe_expected(const yypcontext_t *context, struct strbuf *out)
{
    yysymbol_kind_t all[MAX_EXPECTED], shown[MAX_EXPECTED];
    int count = yypcontext_expected_tokens(context, all, MAX_EXPECTED);
    bool name = false, expression = false, operator = false;
    for (int i = 0; i < count; i++) {
        name |= all[i] == YYSYMBOL_NAME;
        expression |= all[i] == YYSYMBOL_INTEGER;
        operator |= all[i] == YYSYMBOL_AND;
    }
    int n = 0;
    for (int i = 0; i < count; i++)
        if (!implied(all[i], name, expression, operator))
            shown[n++] = all[i];
    int total = n + expression;
    if (total == 0 || total > MAX_SHOWN)
        return;
    strbuf_add(out, "; expected ");
    for (int i = 0; i < n; i++)
        strbuf_addf(out, "%s%s", i == 0 ? "" : i + 1 == total ? " or " : ", ",
                    yysymbol_name(shown[i]));
    if (expression)
        strbuf_addf(out, "%san expression", n ? " or " : "");
}

static int yyreport_syntax_error(const yypcontext_t *context, void *scanner, struct parser *p)
{
    (void)scanner;
    const struct place *place = yypcontext_location(context);
    yysymbol_kind_t token = yypcontext_token(context);
    struct strbuf text;
    strbuf_init(&text, p->arena);
    if (token == YYSYMBOL_NEWLINE || token == YYSYMBOL_YYEOF)
        strbuf_addf(&text, "unexpected %s", yysymbol_name(token));
    else
        strbuf_addf(&text, "unexpected %s'%.*s'", token == YYSYMBOL_LABEL_TEXT ? "label " : "",
                    (int)(place->end - place->begin), p->source->text + place->begin);
    describe_expected(context, &text);
    diag_report(p->diag, parser_span(p, *place), DIAG_SYNTAX, text.text);
    if (token == YYSYMBOL_LABEL_TEXT)
        diag_note(p->diag, "a setting is written with `=`, as in `epochs = 5`; a label is before a layer's call");
    return 0;
}
